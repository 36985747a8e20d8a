// The error for a word that names neither a file nor a key: a misspelt report, or a report without a day.
import { didYouMean, ReportError } from '../core/errors.js';
import { type ReportFolder, reportNames } from '../reports/load-report.js';

export interface Naming {
  /** The verb, for the message. */
  readonly command: string;
  /** What the user typed. */
  readonly named: string;
  readonly folder: ReportFolder;
  /** How the verb takes a report. */
  readonly withDays: string;
}

/** ReportError `usage`; undefined for what looks like a path or the key of a file, which can have been there and be gone. */
export async function noSuchName({
  command,
  named,
  folder,
  withDays,
}: Naming): Promise<ReportError | undefined> {
  if (/[./\\:]/.test(named)) return undefined;
  const names = await reportNames(folder).catch((): string[] => []);
  if (names.includes(named)) {
    return new ReportError('usage', `${command}: "${named}" is a report and names no file`, {
      hint: `Name its period: ${withDays}.`,
    });
  }
  return new ReportError('usage', `${command}: there is no file, key or report "${named}"`, {
    hint: `Of reports: ${didYouMean(named, names)}.`,
  });
}
