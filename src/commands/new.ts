// reportctl new: drafts a report file from a table, a query or a collection.
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { messageOf, ReportError } from '../core/errors.js';
import type { Source } from '../core/source.js';
import { isStandardOutput, placeOf } from '../destinations/file/place.js';
import { withSources } from '../export/with-sources.js';
import { type ReportFolder, reportNames } from '../reports/load-report.js';
import { assertReportName, draftFrom } from './new/drafted.js';
import { onlySource } from './new/only-source.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { createFile } from './shared/new-file.js';
import { printJson, printLines } from './shared/print.js';

interface NewOptions extends CommonOptions {
  readonly from: string;
  readonly source?: string;
  readonly output?: string;
}

export function newCommand(context: Context): Command {
  const command = new Command('new')
    .description('drafts a report from a table, a query or a collection')
    .argument('<name>', 'the name of the report and of its file in queries/')
    .requiredOption('--from <what>', 'a table, a view or a SELECT; for MongoDB and files a collection')
    .option('--source <name>', 'the source to read (the only one that has a URL)')
    .option('-o, --output <file>', 'another file, or - for stdout; an existing file is never replaced');
  addCommonOptions(command);
  return command.action(async (name: string, options: NewOptions) => {
    const session = await openSession(context, options);
    assertReportName('new', name);
    if (options.output === undefined) await assertNameIsFree(name, session.config);
    const output = await namedOutput(options.output, session.config.cwd);
    if (output === '-' && session.json) {
      throw new ReportError('usage', 'new: --json and the report cannot both go to stdout');
    }
    const source = options.source ?? onlySource('new', session.config);
    await withSources(session, { name, sources: [source] }, async ([opened]) => {
      if (opened !== undefined) await writeDraft(session, name, source, opened, { ...options, output });
    });
  });
}

/** Drafts the report, checks the draft against the source, and writes it. @throws ReportError */
async function writeDraft(
  session: CommandSession,
  name: string,
  sourceName: string,
  source: Source,
  { from, output }: Pick<NewOptions, 'from'> & { readonly output: string | undefined },
): Promise<void> {
  // Fails before the file is written, if `check` would fail.
  const { text, extension, guessed, outline, report } = await draftFrom(source, { name, sourceName, from });
  if (output === '-') {
    session.stdout.write(text);
    return;
  }
  const file = output ?? join(session.config.queries, `${name}.${extension}`);
  if (!file.endsWith(`.${extension}`)) {
    throw new ReportError('usage', `new: the name "${file}" must end with .${extension}`, {
      hint: `Reports over ${extension === 'sql' ? 'SQL are .sql' : 'documents are .yaml'} files.`,
    });
  }
  await writeNew(file, text, session.config.cwd);
  const key = outline.key;
  const floats = outline.columns.filter(({ float }) => float === true).map((column) => column.name);
  if (session.json) return printJson(session.stdout, { file, columns: report.columns, key, guessed, floats });
  const filters = Object.entries(guessed).map(([dimension, column]) => `${dimension} is ${column}`);
  printLines(session.stdout, [
    `${file}: ${report.columns.length} columns of ${source.label}`,
    `key: ${key.join(', ') || 'none was found; give it an order-by'}`,
    `guessed: ${filters.join(', ') || 'no filters'}`,
    ...(floats.length === 0
      ? []
      : [`floating point: ${floats.join(', ')}; the file says what to cast for exact sums`]),
    `Review the file, then run: reportctl check ${output === undefined ? name : file}`,
  ]);
}

/** @throws ReportError `usage` when the folder has a report with this name */
async function assertNameIsFree(name: string, folder: ReportFolder): Promise<void> {
  // A missing folder has no reports; writing the file creates it.
  const names = await reportNames(folder).catch((): string[] => []);
  if (names.includes(name)) {
    throw new ReportError('usage', `new: a report "${name}" already exists in ${folder.queries}`, {
      hint: 'Choose another name, or print the draft with -o -.',
    });
  }
}

/** `-` for what is standard output by another name, such as `/dev/stdout`. */
async function namedOutput(output: string | undefined, cwd: string): Promise<string | undefined> {
  if (output === undefined || output === '-') return output;
  return isStandardOutput(await placeOf(resolve(cwd, output))) ? '-' : output;
}

/** Creates the file. @throws ReportError `usage` when it exists, `destination` when it cannot be written */
async function writeNew(file: string, text: string, cwd: string): Promise<void> {
  const isNew = await createFile(resolve(cwd, file), text).catch((error: unknown) => {
    throw new ReportError('destination', `new: writing ${file}: ${messageOf(error)}`, {
      hint: 'Check the permissions of the folder.',
      cause: error,
    });
  });
  if (isNew) return;
  throw new ReportError('usage', `new: writing ${file}: the file already exists`, {
    hint: `Choose another name than ${basename(file)}.`,
  });
}
