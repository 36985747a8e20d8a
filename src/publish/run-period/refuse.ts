// The end of a run that a gate refused: its files are discarded, or kept in the quarantine.
import type { Destination } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import type { StagedReport } from '../../export/export.js';
import { discardAll, type FilledTarget } from '../../export/target.js';
import type { Run } from '../manifest.js';
import { quarantine } from '../publish-period.js';

interface Refused {
  readonly run: Run;
  readonly staged: StagedReport;
  readonly files: readonly FilledTarget[];
  readonly quarantineFiles: readonly FilledTarget[];
  readonly destination: Destination;
}

/** The error of a refused report, with where its files were kept. The files themselves are discarded. */
export async function refuse(
  gateError: ReportError,
  { run, staged, files, quarantineFiles, destination }: Refused,
): Promise<unknown> {
  const refused = await discardAll(files, gateError);
  if (quarantineFiles.length === 0 || refused !== gateError) return discardAll(quarantineFiles, refused);
  const kept = await quarantine(run, staged, quarantineFiles, destination);
  const where = kept.map(({ location }) => location).join(', ');
  return new ReportError('gate', `${gateError.message}; kept for inspection: ${where}`, {
    hint: gateError.hint ?? '',
  });
}
