// reportctl verify: published files against their manifests, their run records and, if asked, a fresh read.
import { Command } from 'commander';
import { ReportError } from '../core/errors.js';
import { spellDifference } from '../verify/differences.js';
import type { Verified } from '../verify/verify.js';
import { verifyFiles } from '../verify/verify-files.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './shared/context.js';
import { formatBytes, formatRows, printJson, printLines } from './shared/print.js';

interface VerifyCommandOptions extends CommonOptions {
  readonly date?: string;
  readonly source?: true;
}

export function verifyCommand(context: Context): Command {
  const command = new Command('verify')
    .description('published files against their manifests: bytes, SHA-256, rows, totals, run record')
    .argument('<what...>', 'files, folders, s3:// URLs, keys or prefixes; with --date, reports')
    .option('--date <when>', 'all files of the period that contains this day, as its run record lists them')
    .option('--source', 'compare with a fresh read of the report too');
  addCommonOptions(command);
  return command.action(async (what: string[], options: VerifyCommandOptions) => {
    const session = await openSession(context, options);
    const verified = await verifyFiles(session, {
      what,
      date: options.date,
      compareSource: options.source === true,
      onVerified: (each) => {
        if (!session.json) printLines(session.stdout, linesOf(each, options));
      },
    });
    if (session.json) {
      printJson(
        session.stdout,
        verified.map((each) => ({ ok: each.differences.length === 0, ...each })),
      );
    }
    throwDifferent(verified);
  });
}

const STANDINGS: Readonly<Record<NonNullable<Verified['standing']>, string>> = {
  current: 'published',
  former: 'replaced by a later revision',
  refused: 'refused by a gate, never published',
  export: 'an ad-hoc export',
  moved: 'away from its destination',
};

function linesOf(verified: Verified, { source }: VerifyCommandOptions): string[] {
  const { location, differences, standing, revision, rows, bytes, sha256 } = verified;
  if (differences.length > 0) {
    return differences.map((difference) => `FAILED ${location}: ${spellDifference(difference)}`);
  }
  if (standing === undefined)
    return [`ok     ${location}: published without a file, because there were no rows`];
  const told = [STANDINGS[standing]];
  if (standing === 'current' || standing === 'former') told.push(`revision ${revision}`);
  // An ad-hoc export has no hash of its content.
  if (source)
    told.push(standing === 'export' ? 'rows and totals as in a fresh read' : 'content as in a fresh read');
  const size = `${formatRows(rows ?? 0)}, ${formatBytes(bytes ?? 0)}, sha256 ${sha256}`;
  return [`ok     ${location}: ${size} (${told.join(', ')})`];
}

/** @throws ReportError `contract` when anything differs */
function throwDifferent(verified: readonly Verified[]): void {
  const different = verified.filter(({ differences }) => differences.length > 0);
  if (different.length === 0) return;
  const [first] = different;
  const what =
    verified.length === 1 ? `${first?.location} is` : `${different.length} of ${verified.length} files are`;
  throw new ReportError('contract', `verify: ${what} not what was published`, {
    hint: 'Do not use them. Bring back the file and its manifest from a copy, or publish the period again.',
  });
}
