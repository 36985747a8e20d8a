// The source of a new report where the user names none.
import type { Config } from '../../core/config.js';
import { ReportError } from '../../core/errors.js';

/** The only source with a URL. @throws ReportError `usage` when there is none, or several */
export function onlySource(command: string, { sources }: Pick<Config, 'sources'>): string {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return only;
  if (sources.length > 0) {
    throw new ReportError('usage', `${command}: several sources have a URL`, {
      hint: `Give --source: ${sources.join(', ')}.`,
    });
  }
  const example = 'postgres://user:password@host/database';
  throw new ReportError('usage', `${command}: no source has a URL`, {
    hint:
      command === 'init'
        ? `Give --url ${example}, or set REPORTCTL_SOURCE_<NAME>.`
        : 'Set REPORTCTL_SOURCE_<NAME>, for example REPORTCTL_SOURCE_VENDAS=postgres://…, or begin with reportctl init.',
  });
}
