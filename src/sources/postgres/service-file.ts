// The file of connection services (PostgreSQL manual, 34.17), which `service=` and PGSERVICE name a section of.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { didYouMean, messageOf, ReportError } from '../../core/errors.js';
import { MEBIBYTE, readSmallFileSync } from '../../core/small-file.js';
import { PARAMETERS, type Parameter } from './connection-url.js';

/**
 * The parameters of a service.
 * @param label the source's, for messages
 * @param variables PGSERVICEFILE and PGSYSCONFDIR say where the files are
 * @throws ReportError `definition` for a service that no file has, and for a line that cannot be understood
 */
export function readService(
  name: string,
  label: string,
  variables: Readonly<Record<string, string>>,
): Readonly<Partial<Record<Parameter, string>>> {
  const { PGSERVICEFILE: own = join(homedir(), '.pg_service.conf'), PGSYSCONFDIR: system } = variables;
  const files = [own, ...(system === undefined ? [] : [join(system, 'pg_service.conf')])];
  const known: string[] = [];
  for (const file of files) {
    const services = servicesOf(textOf(file, label, file === variables.PGSERVICEFILE));
    const lines = services.get(name);
    if (lines !== undefined) return parametersOf(lines, `${label}: the service "${name}" of ${file}`);
    known.push(...services.keys());
  }
  throw new ReportError('definition', `${label}: no service "${name}" in ${files.join(' or ')}`, {
    hint: known.length === 0 ? 'Check PGSERVICE, and PGSERVICEFILE.' : `${didYouMean(name, known)}.`,
  });
}

/** A missing file is an empty one, unless it was named. */
function textOf(file: string, label: string, isNamed: boolean): string {
  try {
    return readSmallFileSync(file, MEBIBYTE, 'pipes').toString();
  } catch (error) {
    if (!isNamed && (error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new ReportError('definition', `${label}: reading PGSERVICEFILE: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The lines of each section. The first section of a name counts. */
function servicesOf(text: string): Map<string, string[]> {
  const services = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((each) => each.trim())) {
    const section = /^\[(.*)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      lines = [];
      if (!services.has(section)) services.set(section, lines);
    } else if (line !== '' && !line.startsWith('#')) lines.push(line);
  }
  return services;
}

function parametersOf(lines: readonly string[], doing: string): Partial<Record<Parameter, string>> {
  const pairs = lines.map((line) => {
    const [, name = '', value = ''] = /^([^=]*?)=(.*)$/.exec(line) ?? [];
    // The line is not shown: it may hold a password.
    if (name === 'service' || !Object.hasOwn(PARAMETERS, name))
      throw new ReportError('definition', `${doing} has the unknown parameter "${name}"`, {
        hint: `${didYouMean(name, Object.keys(PARAMETERS))}.`,
      });
    return [name, value];
  });
  return Object.fromEntries(pairs);
}
