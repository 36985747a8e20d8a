// reportctl diff: compares two published files, periods or revisions by key.
import { Command, InvalidArgumentError } from 'commander';
import { ReportError } from '../core/errors.js';
import { withOverwriteHint } from '../core/existing-file.js';
import { type OpenDestination, withDestinations } from '../destinations/for-session.js';
import { assertNoInput } from '../export/inputs.js';
import { assertMayWrite } from '../publish/ad-hoc-output.js';
import { uniqueColumns } from '../publish/table-schema.js';
import { loadReport } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import type { Tolerance } from '../rows/compare-decimals.js';
import type { Side } from '../verify/diff/side.js';
import { haveSameSums } from '../verify/diff/tally.js';
import { type Differences, type DiffOptions, diffFiles } from '../verify/diff.js';
import { assertCsvName, writeChanges, writeSums } from './diff/file.js';
import { differenceLines } from './diff/lines.js';
import { type Named, sidesOf } from './diff/named.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import {
  type DeadlineOptions,
  deadlineOf,
  deadlineOption,
  HOST_ZONE,
  withDeadline,
} from './shared/deadline.js';
import { parseNames } from './shared/filter-options.js';
import { OVERWRITE, outputPlace } from './shared/output-place.js';
import { printJson, printLines } from './shared/print.js';
import { terminalWidth } from './shared/screen.js';

interface DiffCommandOptions extends CommonOptions, DeadlineOptions, Named {
  readonly key?: readonly string[];
  readonly by?: string;
  readonly value?: string;
  readonly summary?: true;
  readonly tolerance?: Tolerance;
  readonly output?: string;
  readonly overwrite?: true;
}

export function diffCommand(context: Context): Command {
  const command = new Command('diff')
    .description('two published files, periods or revisions, compared by key')
    .argument('<what...>', 'two files (as verify takes them), a report and two days, or with --date a report')
    .option('--date <when>', 'two revisions of the period that contains this day')
    .option('--revisions <n..m>', 'the two revisions to compare (the last two)', parseRevisions)
    .option('--key <columns>', 'columns that identify a row: a,b (gates.unique, or order-by)', parseNames)
    .option('--by <column>', 'the column to group differences by (the organization)')
    .option('--value <column>', 'the total whose differences sort the groups (the first one with decimals)')
    .option('--summary', 'only rows and totals, of all and by group; needs no key')
    .option(
      '--tolerance <limit>',
      'numbers, or sums where rows are not matched, that are no further apart are the same: 0.01 or 5%',
      parseTolerance,
    )
    .option(
      '-o, --output <file>',
      'all differences as CSV: change, key, column, before, after; with --summary the sums of each group',
    )
    .option('--overwrite', OVERWRITE)
    .addOption(deadlineOption());
  addCommonOptions(command);
  return command.action(async (what: string[], options: DiffCommandOptions) => {
    const { output, overwrite } = options;
    if (output !== undefined) assertCsvName(output);
    const session = await openSession(context, options);
    const naming = { command: 'diff', overwrite, cwd: session.config.cwd };
    const place = output === undefined ? undefined : await outputPlace(output, naming);
    const about = {
      timezone: HOST_ZONE,
      undone: 'diff: the files were not compared',
      isReading: place === undefined,
    };
    const compare = async (bounded: CommandSession, open: OpenDestination) => {
      const [before, after] = await sidesOf(what, options, bounded, open);
      const target = place && { ...place, destination: await open(place.root, { isOutput: true }) };
      const compared = [before, after].map(({ location }) => ({
        path: location,
        what: 'a file that is compared',
      }));
      if (target !== undefined) await assertNoInput(target.destination, [target.key], compared);
      if (place?.isKept) await assertMayWrite(bounded, { command: 'diff', ...place });
      const { tolerance, value, summary: onlySums = false } = options;
      const differences = await diffFiles(before, after, {
        ...(await chooseColumns(after, options, session)),
        value,
        tolerance,
        onlySums,
        signal: bounded.signal,
        take: target && ((changes, layout) => writeChanges(changes, layout, target)),
      });
      if (onlySums && target !== undefined) await writeSums(differences, target);
      if (session.json) printJson(session.stdout, jsonOf(before, after, differences));
      else printLines(session.stdout, differenceLines(before, after, differences, terminalWidth(session)));
      if (!differences.isSame)
        throw new ReportError('contract', `diff: ${differenceSentence(differences, tolerance)}`);
    };
    await withDeadline(session, deadlineOf(options, session), about, (bounded) =>
      withDestinations(bounded, (open) => compare(bounded, open)),
    ).catch((error: unknown) => {
      throw withOverwriteHint(error);
    });
  });
}

/** Where rows were not matched, there is neither a key nor anything about single rows. */
function jsonOf(before: Side, after: Side, differences: Differences) {
  const sides = { before: jsonSide(before), after: jsonSide(after) };
  if (differences.keysMeet !== null) return { ...sides, ...differences };
  const { key: _, added, gone, changed, changedColumns, examples, groups, ...sums } = differences;
  const bare = groups?.map(({ value, rows, totals }) => ({ value, rows, totals }));
  return { ...sides, ...sums, groups: bare };
}

/** @param limit what the differences were compared with */
function differenceSentence(differences: Differences, limit: Tolerance | undefined): string {
  const { added, gone, changed, keysMeet, rows, totals, groups = [], by, tolerance } = differences;
  if (keysMeet) return `the files differ: ${added} added, ${gone} gone, ${changed} changed`;
  const [value] = Object.entries(totals);
  const sum = value === undefined ? [] : [`total ${value[0]} ${value[1].before} to ${value[1].after}`];
  const overall = [`rows ${rows.before} to ${rows.after}`, ...sum];
  const facts = haveSameSums(differences, limit) ? [] : overall;
  if (by !== undefined) facts.push(`${groups.length} of ${by} differ`);
  const sums = tolerance === null ? 'the sums differ' : `the sums differ by more than ${tolerance}`;
  const what = tolerance === null && keysMeet === false ? 'no key is in both files' : sums;
  return `${what}: ${facts.join(', ')}`;
}

function jsonSide({ location, manifest }: Side) {
  const { report, period, revision, rows, sha256 } = manifest;
  return { location, report, period, revision, rows, sha256 };
}

/**
 * The key and the column to group by: from the command line, else from the manifest, else from the report if it still exists.
 * @throws ReportError `usage` when no key is known
 */
async function chooseColumns(
  { manifest }: Side,
  options: DiffCommandOptions,
  { config }: CommandSession,
): Promise<Pick<DiffOptions, 'key' | 'by' | 'descending'>> {
  const report = await loadReport(manifest.report, config).catch((error: unknown) => {
    if (error instanceof ReportError) return undefined;
    throw error;
  });
  const has = (name: string) => manifest.columns.some((column) => column.name === name);
  const usable = (names: readonly string[]) => names.length > 0 && names.every(has);
  const order = (report?.orderBy ?? []).map((term) => term.replace(/^-/, ''));
  const key = options.key ?? [uniqueColumns(manifest.gates), report?.gates.unique ?? [], order].find(usable);
  if (key === undefined && options.summary !== true) {
    throw new ReportError('usage', `diff: no key of the rows of "${manifest.report}" is known`, {
      hint: 'Give --key with columns, such as --key id, or compare sums only with --summary.',
    });
  }
  const by = options.by ?? organizationColumn(report);
  return {
    key: key ?? [],
    by: by !== undefined && (options.by !== undefined || has(by)) ? by : undefined,
    descending: (key ?? []).map((name) => report?.orderBy.includes(`-${name}`) === true),
  };
}

/** The exported column that the report's organization filter tests: found by its name or, for documents, by its path. */
function organizationColumn(report: Report | undefined): string | undefined {
  const mapped = report?.filters.organization;
  return report?.columns.find(({ name, path }) => (path ?? name) === mapped)?.name;
}

function parseTolerance(value: string): Tolerance {
  const [, amount, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(value) ?? [];
  if (amount === undefined)
    throw new InvalidArgumentError('Give an amount such as 0.01, or a percentage such as 5%.');
  return { amount, isPercent: percent === '%' };
}

function parseRevisions(value: string): [number, number] {
  const [, from, to] = /^(\d{1,6})\.\.(\d{1,6})$/.exec(value) ?? [];
  if (from === undefined || to === undefined)
    throw new InvalidArgumentError('Give two revisions, such as 1..2.');
  return [Number(from), Number(to)];
}
