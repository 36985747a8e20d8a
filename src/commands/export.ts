// reportctl export: one ad-hoc export to a file, a bucket or stdout.
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Command, Option } from 'commander';
import { COMPRESSIONS, compression } from '../compress.js';
import { openDestination } from '../destinations/index.js';
import { ReportError } from '../errors.js';
import { exportReport } from '../export.js';
import { failedGates } from '../gates.js';
import { manifestKey, manifestOf, putJson } from '../manifest.js';
import { definitionHash, loadReport, type Report } from '../report.js';
import { requestOf } from '../request.js';
import { newToken } from '../run.js';
import type { Request, Source } from '../table.js';
import type { Target } from '../target.js';
import { unrecorded } from '../target.js';
import { createWriter, FORMATS, type WriterOptions } from '../writers/index.js';
import { addCommonOptions, type CommonOptions, type Context, openSession, type Session } from './context.js';
import { addRowOptions, choiceOf, type RowOptions } from './filter-options.js';
import { formatBytes, formatRows, printJson, printLines } from './print.js';
import { expectedRows, hasBar, openProgress } from './progress.js';
import { withSources } from './sources.js';

interface ExportOptions extends CommonOptions, RowOptions, WriterOptions {
  readonly output?: string;
  readonly format?: string;
  readonly compress?: string;
  readonly overwrite?: true;
}

export function exportCommand(context: Context): Command {
  const command = new Command('export')
    .description('one ad-hoc export of a report')
    .argument('<report>', 'a name in queries/, or the path of a report file')
    .option('-o, --output <where>', 'a file (replaced), - for stdout, or s3://bucket/key; - when piped')
    .option('--format <format>', `${FORMATS.join(', ')}; else by the ending of the output`)
    .option('--overwrite', 'replace an existing s3:// key');
  addRowOptions(command);
  addDialectOptions(command);
  addCommonOptions(command);
  return command.action(async (name: string, options: ExportOptions) => {
    const session = await openSession(context, options);
    const report = await loadReport(name, session.config.queries);
    const request = requestOf(report, choiceOf(options, report, context.now));
    // What is wrong here is told before a source is opened.
    const place = await placeOf(options, session);
    const { format, compress } = formatOf(place.key, options);
    const target = { ...place, writer: await createWriter(format, options), compress };
    await withSources(session, report, (sources) => run(session, report, request, sources, target));
  });
}

function addDialectOptions(command: Command): void {
  command
    .option('--delimiter <character>', 'between cells (,); \\t is a tab')
    .option('--decimal <character>', 'the decimal separator (.)')
    .option('--bom', 'begin with a UTF-8 byte order mark')
    .addOption(new Option('--eol <name>', 'the line ending (lf)').choices(['lf', 'crlf']))
    .option('--null <text>', 'what stands for null (nothing; the empty text is "")')
    .addOption(new Option('--quote <which>', 'which cells are quoted (needed)').choices(['all', 'needed']))
    .addOption(new Option('--locale <name>', '; , BOM CRLF dd/mm/yyyy at once').choices(['pt-BR']))
    .addOption(
      new Option('--formulas <what>', 'text that a spreadsheet would run (neutralise)').choices([
        'neutralise',
        'keep',
      ]),
    )
    .addOption(
      new Option('--compress <how>', 'else by the ending of the output').choices(Object.keys(COMPRESSIONS)),
    );
}

async function run(
  session: Session,
  report: Report,
  request: Request,
  sources: readonly Source[],
  { root, key, existing, isData, writer, compress }: Place & Pick<Target, 'writer' | 'compress'>,
): Promise<void> {
  const token = newToken();
  const started = new Date().toISOString();
  const destination = await openDestination(root, {
    token,
    signal: session.signal,
    s3: session.config.s3,
  });
  const expected = hasBar(session) ? await expectedRows(sources, request) : undefined;
  const progress = await openProgress(session, report.name, expected);
  try {
    const result = await exportReport({
      request,
      sources,
      totals: report.totals.filter((total) => request.columns.some((column) => column.name === total)),
      targets: [{ key, writer, compress, destination, existing }],
      gate: (rows) => {
        for (const failed of failedGates(report.gates, rows)) session.log.warn(`"${report.name}": ${failed}`);
      },
      onProgress: progress.onProgress,
    });
    progress.stop();
    for (const note of result.notes) session.log.warn(note);
    const params = Object.fromEntries(
      Object.entries(request.params).map(([name, { value }]) => [name, value]),
    );
    const definition = definitionHash(report, params);
    const written = {
      report,
      request,
      period: undefined,
      definition,
      token,
      started,
      finished: new Date().toISOString(),
    };
    for (const output of result.outputs) {
      const manifest = manifestOf(written, result, output);
      if (isData) {
        session.log.info(summary('stdout', result.rows, output.bytes, output.neutralised));
        continue;
      }
      await putJson(destination, manifestKey(output.key), manifest, 'replace').catch((error: unknown) => {
        throw unrecorded([output], error);
      });
      if (session.json) printJson(session.stdout, { location: output.location, ...manifest });
      else
        printLines(session.stdout, [summary(output.location, result.rows, output.bytes, output.neutralised)]);
    }
  } finally {
    progress.stop();
    await destination.close();
  }
}

/** One line: where, rows, size, and what was changed. */
export function summary(where: string, rows: number, bytes: number, neutralised: number): string {
  const guard =
    neutralised === 0
      ? ''
      : `, ${neutralised} text ${neutralised === 1 ? 'cell' : 'cells'} neutralised (--formulas keep leaves them)`;
  return `${where}: ${formatRows(rows)}, ${formatBytes(bytes)}${guard}`;
}

interface Place {
  readonly root: string;
  readonly key: string;
  readonly existing: 'never' | 'replace';
  /** stdout carries the rows. */
  readonly isData: boolean;
}

async function placeOf({ output, overwrite, json }: ExportOptions, { stdout }: Session): Promise<Place> {
  if (output === undefined && stdout.isTTY) {
    throw new ReportError('usage', 'export: no output', {
      hint: 'Name a file with -o, or print the rows here with -o -.',
    });
  }
  if (output === undefined || output === '-') {
    if (json)
      throw new ReportError('usage', 'export: --json and the rows would both go to stdout', {
        hint: 'Name a file with -o.',
      });
    return { root: '-', key: 'stdout', existing: 'replace', isData: true };
  }
  const object = /^s3:\/\/([^/]+)\/(.+)$/.exec(output);
  if (object?.[1] !== undefined && object[2] !== undefined) {
    return {
      root: `s3://${object[1]}`,
      key: object[2],
      existing: overwrite ? 'replace' : 'never',
      isData: false,
    };
  }
  const isFolder = /[\\/]$/.test(output) || (await stat(output).catch(() => undefined))?.isDirectory();
  if (isFolder || output === '' || output.startsWith('s3:')) {
    throw new ReportError('usage', `export: the output "${output}" names no file`, {
      hint: 'Give a file, s3://bucket/key, or -.',
    });
  }
  return { root: dirname(output), key: basename(output), existing: 'replace', isData: false };
}

function formatOf(key: string, options: ExportOptions): { format: string; compress: string | undefined } {
  const endings = Object.entries(COMPRESSIONS).map(([word, { extension }]) => ({
    word,
    ending: `.${extension}`,
  }));
  const packed = endings.find(({ ending }) => key.endsWith(ending));
  const compress = options.compress ?? packed?.word;
  if (packed && compress !== packed.word) {
    throw new ReportError(
      'usage',
      `export: --compress ${compress} into a file that ends with ${packed.ending}`,
    );
  }
  if (compress !== undefined) compression(compress);
  const plain = packed === undefined ? key : key.slice(0, -packed.ending.length);
  const ending = /\.([^./\\]+)$/.exec(plain)?.[1]?.toLowerCase();
  if (options.format !== undefined) return { format: options.format, compress };
  if (key === 'stdout' || ending === undefined) return { format: 'csv', compress };
  if (FORMATS.includes(ending)) return { format: ending, compress };
  throw new ReportError('usage', `export: no format ends with ".${ending}"`, {
    hint: `Say it with --format: ${FORMATS.join(', ')}.`,
  });
}
