// reportctl new: drafts a report file from a table, a query or a collection.
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import type { Config } from '../core/config.js';
import { messageOf, ReportError } from '../core/errors.js';
import type { Source } from '../core/source.js';
import { withSources } from '../export/with-sources.js';
import { parseReport, type ReportFolder, reportNames } from '../reports/load-report.js';
import { requestOf } from '../reports/request.js';
import { draft } from './new/draft.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { printJson, printLines } from './shared/print.js';

interface NewOptions extends CommonOptions {
  readonly from: string;
  readonly source?: string;
  readonly output?: string;
}

export function newCommand(context: Context): Command {
  const command = new Command('new')
    .description('drafts a report from a table, a query or a collection')
    .argument('<name>', 'of the report, and so of its file in queries/')
    .requiredOption('--from <what>', 'a table, a view or a SELECT; of MongoDB and files a collection')
    .option('--source <name>', 'where that is (the only one that has a URL)')
    .option('-o, --output <file>', 'another file, or - for stdout; it is never replaced');
  addCommonOptions(command);
  return command.action(async (name: string, options: NewOptions) => {
    const session = await openSession(context, options);
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
      throw new ReportError('usage', `new: "${name}" cannot be a report's name`, {
        hint: 'Letters, digits, "_" and "-" only: the name becomes a key and a flag.',
      });
    }
    if (options.output === undefined) await assertFree(name, session.config);
    if (options.output === '-' && session.json) {
      throw new ReportError('usage', 'new: --json and the report would both go to stdout');
    }
    const source = options.source ?? onlySource(session.config);
    await withSources(session, { name, sources: [source] }, async ([opened]) => {
      if (opened !== undefined) await drafted(session, name, source, opened, options);
    });
  });
}

async function drafted(
  session: CommandSession,
  name: string,
  sourceName: string,
  source: Source,
  { from, output }: NewOptions,
): Promise<void> {
  const outline = await source.outline(from);
  const { text, extension, guessed } = draft(name, sourceName, outline);
  // What `check` would say of it is said before there is a file.
  const report = parseReport(`${name}.${extension}`, text);
  await source.prepare(requestOf(report, { filters: [], params: {} }));
  if (output === '-') {
    session.stdout.write(text);
    return;
  }
  const file = output ?? join(session.config.queries, `${name}.${extension}`);
  if (!file.endsWith(`.${extension}`)) {
    throw new ReportError('usage', `new: "${file}" is to be a .${extension} file`, {
      hint: `Reports over ${extension === 'sql' ? 'SQL are .sql' : 'documents are .yaml'} files.`,
    });
  }
  await writeNew(file, text, session.config.cwd);
  const key = outline.key;
  if (session.json) return printJson(session.stdout, { file, columns: report.columns, key, guessed });
  const filters = Object.entries(guessed).map(([dimension, column]) => `${dimension} is ${column}`);
  printLines(session.stdout, [
    `${file}: ${report.columns.length} columns of ${source.label}`,
    `key: ${key.join(', ') || 'none was found; give it an order-by'}`,
    `guessed: ${filters.join(', ') || 'no filters'}`,
    `Read it, then: reportctl check ${output === undefined ? name : file}`,
  ]);
}

async function assertFree(name: string, folder: ReportFolder): Promise<void> {
  // Without the folder there are none: it is made with the file.
  const names = await reportNames(folder).catch((): string[] => []);
  if (names.includes(name)) {
    throw new ReportError('usage', `new: there is a report "${name}" in ${folder.queries} already`, {
      hint: 'Choose another name, or see what would be written with -o -.',
    });
  }
}

async function writeNew(file: string, text: string, cwd: string): Promise<void> {
  try {
    const path = resolve(cwd, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new ReportError(
      isThere ? 'usage' : 'destination',
      `new: writing ${file}: ${isThere ? 'the file is there already' : messageOf(error)}`,
      {
        hint: isThere ? `Choose another one than ${basename(file)}.` : 'Look at the rights of the folder.',
        cause: error,
      },
    );
  }
}

function onlySource({ sources }: Config): string {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return only;
  throw new ReportError(
    'usage',
    sources.length === 0 ? 'new: no source has a URL' : 'new: several sources have a URL',
    {
      hint:
        sources.length === 0
          ? 'Set REPORTCTL_SOURCE_<NAME>, for example REPORTCTL_SOURCE_VENDAS=postgres://….'
          : `Give --source: ${sources.join(', ')}.`,
    },
  );
}
