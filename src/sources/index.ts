// The registry of sources: the scheme of a URL chooses the code that opens it.
import { didYouMean, ReportError } from '../core/errors.js';
import { hasLogin } from '../core/secret-shapes.js';
import type { Source } from '../core/source.js';
import type { OpenStore } from '../core/store.js';
import { importPg } from './postgres/driver.js';

export interface OpenSource {
  /** The name that reports use. */
  readonly name: string;
  /** The URL with its secrets. */
  readonly url: string;
  /** The URL as messages may show it. */
  readonly shown: string;
  /** The `PG*` variables, used for what a `postgres://` URL leaves out. */
  readonly variables: Readonly<Record<string, string>>;
  /** For documents: opens the folder or bucket that the URL names. */
  readonly openStore: OpenStore;
  /** Milliseconds without a byte after which the source counts as lost; undefined: never. */
  readonly idleTimeoutMs?: number | undefined;
  /** Relative paths start here; by default in the process's working directory. */
  readonly cwd?: string | undefined;
  readonly signal: AbortSignal;
}

const postgres = async (options: OpenSource) => (await import('./postgres.js')).openPostgres(options);

const embedded = async (options: OpenSource) => {
  const { startEmbedded } = await import('./embedded.js');
  const server = await startEmbedded({
    script: options.url.slice('embedded:'.length),
    cwd: options.cwd,
    signal: options.signal,
  });
  try {
    const { openPostgres } = await import('./postgres.js');
    const release = () => server.stop();
    const source = await openPostgres({ ...options, url: server.url, variables: {}, release });
    // Its only user is its superuser, and nobody else reaches it.
    const { cautions: _, ...others } = source;
    return others;
  } catch (error) {
    await server.stop();
    throw error;
  }
};

const mongodb = async (options: OpenSource) => (await import('./mongodb.js')).openMongodb(options);

const json = async (options: OpenSource) => (await import('./json.js')).openJson(options);

const SOURCES: Readonly<Record<string, (options: OpenSource) => Promise<Source>>> = {
  'postgres:': postgres,
  'postgresql:': postgres,
  'embedded:': embedded,
  'mongodb:': mongodb,
  'mongodb+srv:': mongodb,
  'file:': json,
  's3:': json,
};

/** The schemes whose URL names a host or a bucket after `//`; the others are followed by a path. */
const NETWORK_SCHEMES = new Set(Object.keys(SOURCES).filter((scheme) => !/^(embedded|file):$/.test(scheme)));

/**
 * Imports all that opening and reading the source of a URL needs, so that it is neither counted as time to connect nor missed
 * when an upgrade replaces the program's files. Buckets and folders of documents are left to preloadDestination().
 */
export async function preloadSource(url: string): Promise<void> {
  if (/^(postgres|embedded)/i.test(url)) await Promise.all([import('./postgres.js'), importPg()]);
  if (/^embedded/i.test(url)) await import('./embedded.js');
  if (/^mongodb/i.test(url)) await (await import('./mongodb.js')).preload();
  if (/^(file|s3)/i.test(url)) await import('./json.js');
}

/**
 * Opens the source that a URL names.
 * @throws ReportError `definition` for an unknown scheme, `source` when the source cannot be reached
 */
export async function openSource(options: OpenSource): Promise<Source> {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(options.url)?.[0].toLowerCase() ?? '';
  const open = SOURCES[scheme];
  if (open === undefined) {
    throw new ReportError(
      'definition',
      `source "${options.name}": no engine reads ${scheme ? `"${scheme}"` : 'a URL without a scheme'}`,
      {
        hint: `${didYouMean(scheme, Object.keys(SOURCES))}.`,
      },
    );
  }
  if (NETWORK_SCHEMES.has(scheme) && !options.url.startsWith('//', scheme.length)) {
    // The rest is not shown: it may hold a password.
    throw new ReportError('definition', `source "${options.name}": the URL has no // after "${scheme}"`, {
      hint: `Write ${scheme}//….`,
    });
  }
  if (/^(s3|file):$/.test(scheme) && hasLogin(options.url)) {
    throw new ReportError(
      'definition',
      `source "${options.name}": the URL holds a user, a password or a token`,
      {
        hint: 'Write s3://bucket/prefix/ or file:folder/; keys of S3 are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE.',
      },
    );
  }
  return open(options);
}
