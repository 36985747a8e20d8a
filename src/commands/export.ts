// reportctl export: exports a report once, outside its schedule, to a file, a bucket or stdout.
import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { withOverwriteHint } from '../core/existing-file.js';
import type { Span } from '../core/trace.js';
import { isStandardOutput } from '../destinations/file/place.js';
import { withDestination } from '../destinations/for-session.js';
import type { Manifest } from '../publish/documents.js';
import { exportOnce } from '../publish/export-once.js';
import { loadReport } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import { requestOf } from '../reports/request.js';
import { COMPRESSIONS, compression } from '../writers/compression.js';
import { DEFAULT_FORMAT, FORMAT_NAMES, formatWithExtension, optionFlags } from '../writers/index.js';
import { formatOptions } from './export/format-options.js';
import type { Preview, PreviewOptions } from './export/preview.js';
import { onlySource } from './new/only-source.js';
import { withChoices } from './shared/choices.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { type DeadlineOptions, deadlineOf, deadlineOption, withDeadline } from './shared/deadline.js';
import { addNameValue, addRowOptions, parseChoice, type RowOptions } from './shared/filter-options.js';
import { type OutputPlace, OVERWRITE, outputPlace, placeAtOutput } from './shared/output-place.js';
import { formatBytes, formatRows, printJson, printLines } from './shared/print.js';
import { progressFor } from './shared/progress.js';
import { screenOf } from './shared/screen.js';
import { TRACE_OPTION, withTrace } from './shared/with-trace.js';

/** Also holds the options of all formats, under their names. */
interface ExportOptions extends CommonOptions, DeadlineOptions, RowOptions {
  readonly output?: string;
  readonly format?: string;
  readonly compress?: string;
  readonly overwrite?: true;
  /** False with --no-manifest. */
  readonly manifest: boolean;
  readonly mask?: Readonly<Record<string, string>>;
  readonly sql?: string;
  readonly source?: string;
  readonly plain?: true;
  readonly vertical?: true;
  readonly otel?: true;
}

export function exportCommand(context: Context): Command {
  const command = new Command('export')
    .description('one ad-hoc export of a report')
    .argument('[report]', 'a name in queries/, or the path of a report file; none with --sql')
    .option(
      '-o, --output <where>',
      'a file, s3://bucket/key, or - for stdout; by default - when piped, and the first rows as a table on a terminal',
    )
    .option('--format <format>', `${FORMAT_NAMES.join(', ')}; by default the ending of the output decides`)
    .option('--overwrite', OVERWRITE)
    .option('--no-manifest', 'write no manifest beside the file, and remove that of a file that is replaced')
    .option('--mask <names>', 'mask texts: cpf=hash,email=partial,nome=null', parseMasks)
    .option(
      '--sql <query>',
      'export a query or a table that no report file has; needs a role that may only read',
    )
    .option('--source <name>', 'with --sql: the source to read (the only one that has a URL)')
    .option(
      '--plain',
      "without the options of the report's own output of that format: dialect, locale, template, groups",
    )
    .option('--vertical', 'on a terminal, show each row as lines of its own, with whole texts')
    .addOption(deadlineOption())
    .option('--otel', TRACE_OPTION);
  addRowOptions(command);
  addFormatOptions(command);
  addCommonOptions(command);
  return command.action(async (name: string | undefined, options: ExportOptions) => {
    const session = await openSession(context, options);
    const { config, log, stdout } = session;
    const report = await reportOf(name, options, session);
    const request = requestOf(report, {
      ...parseChoice(options, report, context.now),
      masks: options.mask,
    });
    const place = await exportPlace(options, session);
    const { root, key, existing, isKept, isStdout, isPreview } = place;
    const { format, compress } = chosenFormat(key, options);
    const isWhole = request.columns.length === report.columns.length && options.columns === undefined;
    const chosen = { format, compress, isPlain: options.plain === true, isWhole, request };
    const dialect = formatOptions(report, options, chosen, config);
    const preview = isPreview
      ? await openPreview(session, { report, dialect, vertical: options.vertical === true })
      : undefined;
    const target = { format, options: dialect, compress, key, existing, writer: preview };
    const token = randomUUID();
    const deadline = deadlineOf(options, session);
    const about = {
      timezone: report.timezone,
      undone: `export: "${report.name}" was not exported`,
      isReading: false,
    };
    const exportTo = (bounded: CommandSession, destination: Destination, span: Span) =>
      exportOnce(bounded, {
        report,
        request,
        destination,
        target,
        kept: isKept ? { command: 'export', ...place } : undefined,
        hasManifest: options.manifest,
        token,
        openProgress: progressFor(bounded),
        span,
      });
    const exported = await withTrace(session, 'export', options, (span) =>
      withDeadline(session, deadline, about, (bounded) =>
        withDestination(bounded, (destination) => exportTo(bounded, destination, span), {
          where: root,
          token,
          stdout,
          isOutput: true,
        }),
      ),
    ).catch((error: unknown) => {
      throw withOverwriteHint(error);
    });
    const { location, manifest } = exported;
    for (const failed of exported.failedGates) log.warn(`"${report.name}": ${failed}`);
    for (const note of exported.notes) log.warn(note);
    if (preview !== undefined) printLines(stdout, [...preview.lines(), ...previewLines(manifest, preview)]);
    else if (isStdout) log.info(summary('stdout', manifest));
    else if (session.json) printJson(stdout, { location, ...manifest });
    else printLines(stdout, [summary(location, manifest)]);
  });
}

/** @throws ReportError `usage` unless either a report or a query is named, and what loading it throws */
async function reportOf(
  name: string | undefined,
  { sql, source }: Pick<ExportOptions, 'sql' | 'source'>,
  session: CommandSession,
): Promise<Report> {
  if (sql === undefined && source !== undefined)
    throw new ReportError('usage', 'export: --source without --sql', {
      hint: 'A report names its own sources.',
    });
  if (sql === undefined) {
    if (name !== undefined) return loadReport(name, session.config);
    throw new ReportError('usage', 'export: no report is named', {
      hint: 'Name one, or give a query with --sql.',
    });
  }
  if (name !== undefined)
    throw new ReportError('usage', `export: both the report "${name}" and --sql`, {
      hint: 'Give one of them.',
    });
  const { reportOfQuery } = await import('./export/query.js');
  return reportOfQuery(session, sql, source ?? onlySource('export --sql', session.config));
}

/** Commander's parser of `name=mask,…`. @throws InvalidArgumentError for a pair without `=` or a repeated name */
function parseMasks(value: string): Record<string, string> {
  return value
    .split(',')
    .reduce<Record<string, string>>((masks, pair) => addNameValue(pair.trim(), masks), {});
}

function addFormatOptions(command: Command): void {
  for (const { flags, description, choices } of optionFlags()) {
    const option = new Option(flags, description);
    command.addOption(choices === undefined ? option : withChoices(option, choices));
  }
  command.addOption(
    withChoices(
      new Option('--compress <how>', 'by default the ending of the output decides'),
      Object.keys(COMPRESSIONS),
    ),
  );
}

/** `out/dia.csv: 3 rows, 96 B`, and how many text cells got an apostrophe. */
function summary(where: string, { rows, bytes, neutralised }: Manifest): string {
  const guard =
    neutralised === 0
      ? ''
      : `, ${neutralised} text ${neutralised === 1 ? 'cell starts' : 'cells start'} like a formula and got a leading apostrophe; --formulas keep turns this off`;
  return `${where}: ${formatRows(rows)}, ${formatBytes(bytes)}${guard}`;
}

/** The lines under the preview's table: the number of all rows and the exact totals. */
function previewLines({ rows, totals }: Manifest, { shown, spellTotal }: Preview): string[] {
  const sums = Object.entries(totals).map(([name, total]) => `total ${name}: ${spellTotal(total)}`);
  const more = rows > shown ? ` (the first ${shown} are shown; -o FILE writes all)` : '';
  return ['', `${formatRows(rows)}${more}`, ...sums];
}

interface ExportPlace extends OutputPlace {
  /** The rows, or their preview, go to stdout. */
  readonly isStdout: boolean;
  /** Stdout is a terminal, which shows the first rows instead of a file. */
  readonly isPreview: boolean;
}

async function openPreview(
  { stdout }: CommandSession,
  options: Omit<PreviewOptions, 'screen'>,
): Promise<Preview> {
  const { createPreview } = await import('./export/preview.js');
  return createPreview({ ...options, screen: screenOf(stdout) });
}

/** Where the export goes. @throws ReportError `usage` */
async function exportPlace(
  { output, overwrite, vertical, json, format, compress }: ExportOptions,
  { stdout, config }: CommandSession,
): Promise<ExportPlace> {
  if (vertical && (output !== undefined || !stdout.isTTY)) {
    throw new ReportError('usage', 'export: --vertical shows rows on a terminal', {
      hint: 'Leave out --vertical to write a file or into a pipe.',
    });
  }
  const named = output === undefined ? undefined : await placeAtOutput(output, config.cwd);
  if (output !== undefined && output !== '-' && !(named !== undefined && isStandardOutput(named))) {
    const place = await outputPlace(output, { command: 'export', overwrite, cwd: config.cwd });
    return { ...place, isStdout: false, isPreview: false };
  }
  if (json)
    throw new ReportError('usage', 'export: --json and the rows cannot both go to stdout', {
      hint: 'Name a file with -o.',
    });
  const stream = { isKept: false, isStdout: true, isPreview: false };
  const toStdout = { root: '-', key: 'stdout', existing: 'replace', ...stream } as const;
  if (output !== undefined || !stdout.isTTY) return toStdout;
  if (format !== undefined || compress !== undefined) {
    throw new ReportError('usage', 'export: --format or --compress without an output', {
      hint: 'Name a file with -o, or print the bytes here with -o -.',
    });
  }
  return { ...toStdout, isPreview: true };
}

/** The format and compression that the options name, or else the ending of the key. @throws ReportError `usage` */
function chosenFormat(key: string, options: ExportOptions): { format: string; compress: string | undefined } {
  const endings = Object.entries(COMPRESSIONS).map(([word, { extension }]) => ({
    word,
    ending: `.${extension}`,
  }));
  const compressed = endings.find(({ ending }) => key.endsWith(ending));
  const compress = options.compress ?? compressed?.word;
  if (compressed && compress !== compressed.word) {
    throw new ReportError(
      'usage',
      `export: --compress ${compress} into a file that ends with ${compressed.ending}`,
    );
  }
  if (compress !== undefined) compression(compress);
  const plain = compressed === undefined ? key : key.slice(0, -compressed.ending.length);
  const ending = /\.([^./\\]+)$/.exec(plain)?.[1]?.toLowerCase();
  if (options.format !== undefined) return { format: options.format, compress };
  if (key === 'stdout' || ending === undefined) return { format: DEFAULT_FORMAT, compress };
  const format = formatWithExtension(ending);
  if (format !== undefined) return { format, compress };
  throw new ReportError('usage', `export: no format ends with ".${ending}"`, {
    hint: `Choose one with --format: ${FORMAT_NAMES.join(', ')}.`,
  });
}
