// Finds what tests read instead of a source: a file in fixtures/, or the URL of a test database; never the source itself.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { testSourceVariable } from '../../core/config/variables.js';
import type { Config } from '../../core/config.js';
import { ReportError } from '../../core/errors.js';
import { SecretUrl } from '../../core/secret-url.js';
import type { Report } from '../../reports/report.js';
import { fixturesFolder } from './cases.js';

const DOCUMENTS = ['ndjson', 'jsonl', 'json'].flatMap((ending) => [ending, `${ending}.gz`]);

/** Source to the URL that tests read instead. @throws ReportError `definition` when there is no fixture for one */
export async function fixtureUrls(config: Config, report: Report): Promise<Map<string, SecretUrl>> {
  const urls = new Map<string, SecretUrl>();
  for (const source of report.sources) urls.set(source, await fixtureUrl(config, report, source));
  return urls;
}

/**
 * The URL that a test reads instead of a source: the variable for it, else `fixtures/<source>.sql` in an embedded PostgreSQL, or
 * the documents in `fixtures/<source>/` or `fixtures/<source>.ndjson`.
 * @throws ReportError `definition` when there is no fixture
 */
async function fixtureUrl(config: Config, report: Report, source: string): Promise<SecretUrl> {
  const given = config.testSource(source);
  if (given !== undefined) {
    assertNamesHost(given, source);
    return given;
  }
  const folder = fixturesFolder(report);
  const isSql = typeof report.query === 'string';
  const names = isSql
    ? [`${source}.sql`]
    : ['', ...DOCUMENTS.map((ending) => `.${ending}`)].map((end) => source + end);
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(resolve(config.cwd, path)).catch(() => undefined);
    // A folder must have the bare name of the source, a file one of the endings.
    if (found === undefined || found.isDirectory() !== (name === source)) continue;
    return new SecretUrl(`${isSql ? 'embedded' : 'file'}:${path}`);
  }
  const wanted = isSql ? join(folder, `${source}.sql`) : `${join(folder, source)}/ or ${source}.ndjson`;
  throw new ReportError('definition', `no fixture for source "${source}": there is no ${wanted}`, {
    hint: `Write that file, or set ${testSourceVariable(source)} to the URL of a test database; tests never read the URL of ${source} itself.`,
  });
}

/** `PGHOST` would complete a URL without a host, and can be the production server. @throws ReportError `definition` */
function assertNamesHost(url: SecretUrl, source: string): void {
  if (!/^postgres(ql)?:\/\/([^/?]*@)?([/?]|$)/i.test(url.reveal()) || /[?&]host=./.test(url.reveal())) return;
  throw new ReportError('definition', `${testSourceVariable(source)} names no host`, {
    hint: 'Write postgres://user@host/database: tests do not use PGHOST.',
  });
}
