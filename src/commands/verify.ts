// reportctl verify: compares published files with their manifests, their run records and, with --source, a fresh read.
import { Command } from 'commander';
import { ReportError } from '../core/errors.js';
import { restateCommands } from '../publish/restate-command.js';
import type { ReportFolder } from '../reports/load-report.js';
import { spellDifference } from '../verify/differences.js';
import type { Verified } from '../verify/verify.js';
import { verifyFiles } from '../verify/verify-files.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './shared/context.js';
import {
  type DeadlineOptions,
  deadlineOf,
  deadlineOption,
  HOST_ZONE,
  withDeadline,
} from './shared/deadline.js';
import { formatBytes, formatRows, printJson, printLines } from './shared/print.js';
import { type Paint, painter } from './shared/screen.js';

interface VerifyCommandOptions extends CommonOptions, DeadlineOptions {
  readonly date?: string;
  readonly source?: true;
}

export function verifyCommand(context: Context): Command {
  const command = new Command('verify')
    .description('published files against their manifests: bytes, SHA-256, rows, totals, run record')
    .argument('<what...>', 'files, folders, s3:// URLs, keys or prefixes; with --date, reports')
    .option('--date <when>', 'all files of the period that contains this day, as its run record lists them')
    .option('--source', 'also compare with a fresh read of the report')
    .addOption(deadlineOption());
  addCommonOptions(command);
  return command.action(async (what: string[], options: VerifyCommandOptions) => {
    const session = await openSession(context, options);
    const paint = painter(session);
    const about = { timezone: HOST_ZONE, undone: 'verify: not everything was compared', isReading: true };
    const verified = await withDeadline(session, deadlineOf(options, session), about, (bounded) =>
      verifyFiles(bounded, {
        what,
        date: options.date,
        compareSource: options.source === true,
        onVerified: (each) => {
          if (!session.json) printLines(session.stdout, verifiedLines(each, options, paint));
        },
      }),
    );
    if (session.json) {
      printJson(
        session.stdout,
        verified.map((each) => ({ ok: each.differences.length === 0, ...each })),
      );
    }
    await assertNoDifferences(verified, session.config);
  });
}

const STANDINGS: Readonly<Record<NonNullable<Verified['standing']>, string>> = {
  current: 'published',
  former: 'replaced by a later revision',
  refused: 'refused by a gate, never published',
  export: 'an ad-hoc export',
  moved: 'a copy outside its destination',
};

function verifiedLines(verified: Verified, { source }: VerifyCommandOptions, paint: Paint): string[] {
  const ok = paint('good', 'ok    ');
  const { location, differences, standing, revision, rows, bytes, sha256 } = verified;
  if (differences.length > 0) {
    return differences.map(
      (difference) => `${paint('bad', 'FAILED')} ${location}: ${spellDifference(difference)}`,
    );
  }
  if (standing === undefined)
    return [`${ok} ${location}: published without a file, because there were no rows`];
  const facts = [STANDINGS[standing]];
  if (standing === 'current' || standing === 'former') facts.push(`revision ${revision}`);
  // The manifest of an ad-hoc export has no content hash, so only rows and totals were compared.
  if (source)
    facts.push(standing === 'export' ? 'rows and totals as in a fresh read' : 'content as in a fresh read');
  for (const [name, count] of Object.entries(verified.textNumbers ?? {})) {
    const numbers = count === 1 ? '1 number' : `${count} numbers`;
    facts.push(`${numbers} of ${JSON.stringify(name)} as text, which no sum of the workbook has`);
  }
  const size = `${formatRows(rows ?? 0)}, ${formatBytes(bytes ?? 0)}, sha256 ${sha256}`;
  return [`${ok} ${location}: ${size} (${facts.join(', ')})`];
}

/** @throws ReportError `contract` when anything differs */
async function assertNoDifferences(verified: readonly Verified[], folder: ReportFolder): Promise<void> {
  const different = verified.filter(({ differences }) => differences.length > 0);
  if (different.length === 0) return;
  const [first] = different;
  const what =
    verified.length === 1 ? `${first?.location} is` : `${different.length} of ${verified.length} files are`;
  const those = different.length === 1 ? 'it' : 'them';
  const published = different.flatMap(({ publishedAs }) => publishedAs ?? []);
  throw new ReportError('contract', `verify: ${what} not what was published`, {
    hint: `Do not use ${those}. Bring back the file and its manifest from a copy, or publish ${await restateCommands(folder, published)}`,
  });
}
