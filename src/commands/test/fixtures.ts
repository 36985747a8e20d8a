// What tests read in place of a source: a file beside queries/, or a URL of its own; never the source itself.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { testSourceVariable } from '../../core/config/variables.js';
import type { Config } from '../../core/config.js';
import { ReportError } from '../../core/errors.js';
import { SecretUrl } from '../../core/secret-url.js';
import type { Report } from '../../reports/report.js';
import { fixturesFolder } from './cases.js';

const DOCUMENTS = ['ndjson', 'jsonl', 'json'].flatMap((ending) => [ending, `${ending}.gz`]);

/** What is read for each source of the report. @throws ReportError `definition` when there is no fixture for one */
export async function fixtureUrls(config: Config, report: Report): Promise<Map<string, SecretUrl>> {
  const urls = new Map<string, SecretUrl>();
  for (const source of report.sources) urls.set(source, await fixtureUrl(config, report, source));
  return urls;
}

/**
 * The URL of a source of the report under test: its variable, else `fixtures/<source>.sql` in a PostgreSQL of its own, or
 * the documents in `fixtures/<source>/` or `fixtures/<source>.ndjson`.
 * @throws ReportError `definition` when there is no fixture
 */
async function fixtureUrl(config: Config, report: Report, source: string): Promise<SecretUrl> {
  const given = config.testSource(source);
  if (given !== undefined) return assertWhole(given, source);
  const folder = fixturesFolder(report);
  const isSql = typeof report.query === 'string';
  const names = isSql
    ? [`${source}.sql`]
    : ['', ...DOCUMENTS.map((ending) => `.${ending}`)].map((end) => source + end);
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(resolve(config.cwd, path)).catch(() => undefined);
    // Only documents lie in folders, and only in one without an ending.
    if (found === undefined || found.isDirectory() !== (name === source)) continue;
    return new SecretUrl(`${isSql ? 'embedded' : 'file'}:${path}`);
  }
  const wanted = isSql ? join(folder, `${source}.sql`) : `${join(folder, source)}/ or ${source}.ndjson`;
  throw new ReportError('definition', `no fixture for source "${source}": there is no ${wanted}`, {
    hint: `Write it, or set ${testSourceVariable(source)} to the URL of a test database; ${source}'s own URL is never read by tests.`,
  });
}

/** What a URL leaves out would come from `PGHOST`, which may well be production. */
function assertWhole(url: SecretUrl, source: string): SecretUrl {
  if (!/^postgres(ql)?:\/\/([^/?]*@)?([/?]|$)/i.test(url.reveal()) || /[?&]host=./.test(url.reveal()))
    return url;
  throw new ReportError('definition', `${testSourceVariable(source)} names no host`, {
    hint: 'Write postgres://user@host/database: tests take nothing from PGHOST.',
  });
}
