// The format of the log by the arguments alone, for what goes wrong before or beside the parsing of them.
import type { Variables } from '../../core/environment.js';

/** Whether errors are printed as JSON. Reads the arguments itself, because the error may be that they cannot be parsed. */
export function isLogJson(args: readonly string[], env: Variables): boolean {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  const at = options.findIndex((arg) => /^--log-format(=|$)/.test(arg));
  const [, given = options[at + 1]] = /^--log-format=(.*)$/s.exec(options[at] ?? '') ?? [];
  if (at !== -1 && (given === 'json' || given === 'text')) return given === 'json';
  return options.includes('--json') || env.REPORTCTL_LOG_FORMAT === 'json';
}
