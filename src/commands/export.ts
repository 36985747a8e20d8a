// reportctl export: exports a report once, outside its schedule, to a file, a bucket or stdout.
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import type { SpelledOptions } from '../core/format.js';
import { reservedPart } from '../core/reserved-keys.js';
import type { Span } from '../core/trace.js';
import { parseAddress, splitAddress } from '../destinations/address.js';
import { isStandardOutput, type Place, placeOf } from '../destinations/file/place.js';
import { withDestination } from '../destinations/for-session.js';
import type { Manifest } from '../publish/documents.js';
import { exportOnce } from '../publish/export-once.js';
import { loadReport } from '../reports/load-report.js';
import { requestOf } from '../reports/request.js';
import { COMPRESSIONS, compression } from '../writers/compression.js';
import {
  DEFAULT_FORMAT,
  FORMAT_NAMES,
  formatWithExtension,
  optionFlags,
  readOptions,
} from '../writers/index.js';
import type { Preview, PreviewOptions } from './export/preview.js';
import { withChoices } from './shared/choices.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { type DeadlineOptions, deadlineOf, deadlineOption, withDeadline } from './shared/deadline.js';
import { addRowOptions, parseChoice, type RowOptions } from './shared/filter-options.js';
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
  readonly vertical?: true;
  readonly otel?: true;
}

export function exportCommand(context: Context): Command {
  const command = new Command('export')
    .description('one ad-hoc export of a report')
    .argument('<report>', 'a name in queries/, or the path of a report file')
    .option(
      '-o, --output <where>',
      'a file (replaced if it exists), s3://bucket/key, or - for stdout; by default - when piped, and the first rows as a table on a terminal',
    )
    .option('--format <format>', `${FORMAT_NAMES.join(', ')}; by default the ending of the output decides`)
    .option('--overwrite', 'replace an existing s3:// key')
    .option('--vertical', 'on a terminal, show each row as lines of its own, with whole texts')
    .addOption(deadlineOption())
    .option('--otel', TRACE_OPTION);
  addRowOptions(command);
  addFormatOptions(command);
  addCommonOptions(command);
  return command.action(async (name: string, options: ExportOptions) => {
    const session = await openSession(context, options);
    const { config, log, stdout } = session;
    const report = await loadReport(name, config);
    const request = requestOf(report, parseChoice(options, report, context.now));
    const { root, key, existing, isStdout, hasManifest, isPreview } = await outputPlace(options, session);
    const { format, compress } = chosenFormat(key, options);
    const files = { folder: config.cwd, most: config.maxTemplateSize };
    const formatOptions = readOptions(format, spelledOptions(options), files, compress);
    const preview = isPreview
      ? await openPreview(session, { report, dialect: formatOptions, vertical: options.vertical === true })
      : undefined;
    const target = { format, options: formatOptions, compress, key, existing, writer: preview };
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
        hasManifest,
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
    );
    const { location, manifest } = exported;
    for (const failed of exported.failedGates) log.warn(`"${report.name}": ${failed}`);
    for (const note of exported.notes) log.warn(note);
    if (preview !== undefined) printLines(stdout, [...preview.lines(), ...previewLines(manifest, preview)]);
    else if (isStdout) log.info(summary('stdout', manifest));
    else if (session.json) printJson(stdout, { location, ...manifest });
    else printLines(stdout, [summary(location, manifest)]);
  });
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

/** The options of formats, by name. */
function spelledOptions(options: ExportOptions): SpelledOptions {
  const given: Readonly<Record<string, unknown>> = { ...options };
  const values = optionFlags().map(({ name, flags }) => [name, given[new Option(flags).attributeName()]]);
  return Object.fromEntries(values);
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

interface OutputPlace {
  readonly root: string;
  readonly key: string;
  readonly existing: 'never' | 'replace';
  /** The rows, or their preview, go to stdout. */
  readonly isStdout: boolean;
  /** Not beside what keeps nothing, such as stdout or a FIFO. */
  readonly hasManifest: boolean;
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
async function outputPlace(
  { output, overwrite, vertical, json, format, compress }: ExportOptions,
  { stdout, config }: CommandSession,
): Promise<OutputPlace> {
  if (vertical && (output !== undefined || !stdout.isTTY)) {
    throw new ReportError('usage', 'export: --vertical shows rows on a terminal', {
      hint: 'Leave out --vertical to write a file or into a pipe.',
    });
  }
  const named = output === undefined ? undefined : await outputFile(output, config.cwd);
  const isStdout = named !== undefined && isStandardOutput(named);
  if (output === undefined || output === '-' || isStdout) {
    if (json)
      throw new ReportError('usage', 'export: --json and the rows cannot both go to stdout', {
        hint: 'Name a file with -o.',
      });
    const toStdout = {
      root: '-',
      key: 'stdout',
      existing: 'replace',
      isStdout: true,
      hasManifest: false,
      isPreview: false,
    } as const;
    if (output !== undefined || !stdout.isTTY) return toStdout;
    if (format !== undefined || compress !== undefined) {
      throw new ReportError('usage', 'export: --format or --compress without an output', {
        hint: 'Name a file with -o, or print the bytes here with -o -.',
      });
    }
    return { ...toStdout, isPreview: true };
  }
  const reserved = reservedPart(output.replaceAll('\\', '/'));
  if (reserved !== undefined) {
    throw new ReportError('usage', `export: the output "${output}" has a reserved name (${reserved})`, {
      hint: 'reportctl keeps files of its own there: choose another name.',
    });
  }
  const place = splitAddress(output);
  if (place !== undefined && parseAddress(place.root)?.scheme === 's3') {
    const existing = overwrite ? 'replace' : 'never';
    return { ...place, existing, isStdout: false, hasManifest: true, isPreview: false };
  }
  if (/[\\/]$/.test(output) || named?.kind === 'folder' || place === undefined) {
    throw new ReportError('usage', `export: the output "${output}" names no file`, {
      hint: 'Give a file, s3://bucket/key, or -.',
    });
  }
  const hasManifest = named?.kind === 'file';
  return { ...place, existing: 'replace', isStdout: false, hasManifest, isPreview: false };
}

/** What is at the path that `-o` names; undefined when it names none. */
async function outputFile(output: string, cwd: string): Promise<Place | undefined> {
  const place = splitAddress(output);
  const isFile = place !== undefined && parseAddress(place.root)?.scheme === 'file';
  return isFile ? placeOf(resolve(cwd, place.root, place.key)) : undefined;
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
