// reportctl init: makes a folder with everything that a first report needs, and replaces nothing in it.
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { sourceVariable } from '../core/config/variables.js';
import type { Config } from '../core/config.js';
import { messageOf, ReportError } from '../core/errors.js';
import { toolVersion } from '../core/version.js';
import { withSources } from '../export/with-sources.js';
import { reportNames } from '../reports/load-report.js';
import { envText, GIT_ATTRIBUTES, GIT_IGNORE, GOLDENS_ATTRIBUTE, workflowText } from './init/files.js';
import { inventFixture } from './init/fixture.js';
import { assertReportName, type Drafted, draftFrom } from './new/drafted.js';
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
import { fixturesFolder } from './test/cases.js';
import { testReports } from './test.js';

interface InitOptions extends CommonOptions {
  readonly from: string;
  readonly source?: string;
  readonly url?: string;
}

export function initCommand(context: Context): Command {
  const command = new Command('init')
    .description('makes a folder with everything that a first report needs; replaces nothing')
    .argument('<name>', 'the name of the report and of its file in queries/')
    .requiredOption('--from <table>', 'a table or a view; for MongoDB and files a collection')
    .option('--url <url>', 'the database, for .env; without it a source that has a URL')
    .option('--source <name>', 'the name of the source in reports (the last part of the URL)');
  addCommonOptions(command);
  return command.action(async (name: string, options: InitOptions) => {
    const session = await openSession(context, options);
    assertReportName('init', name);
    const source = chooseSource(options, session.config);
    const variable = sourceVariable(source);
    if (options.url !== undefined) {
      if (context.env[variable]) {
        throw new ReportError('usage', `init: ${variable} is set already`, {
          hint: 'Leave out --url to use it, or give another --source.',
        });
      }
      context.env[variable] = options.url;
    }
    const drafted = await draft(session, name, source, options.from);
    const made = await makeFiles(session, { name, source, drafted, url: options.url });
    const golden = await makeGolden(session, name, made);
    for (const advice of await adviceOf(session.config, made, variable)) session.log.warn(advice);
    if (session.json) printJson(session.stdout, { report: name, source, files: made, golden });
    else
      printLines(session.stdout, [...made.map(madeLine), goldenLine(name, golden), '', ...nextLines(name)]);
  });
}

/** The day of the first test and of its invented rows. */
const TEST_DAY = '2024-10-05';

async function draft(session: CommandSession, name: string, source: string, from: string): Promise<Drafted> {
  if (/^[\s(]*(select|with|values)\s/i.test(from)) {
    throw new ReportError('usage', 'init: --from is a query, for which no fixture can be invented', {
      hint: 'Name a table or a view here; reportctl new NAME --from "SELECT …" drafts a report from a query.',
    });
  }
  return withSources(session, { name, sources: [source] }, async ([opened]) => {
    if (opened === undefined) throw new Error('one source was opened');
    return draftFrom(opened, { name, sourceName: source, from, testDay: TEST_DAY });
  });
}

/** `--source`, else the only one that has a URL, else what the URL names. @throws ReportError `usage` */
function chooseSource({ source, url }: InitOptions, config: Config): string {
  if (source === undefined) return url === undefined ? onlySource('init', config) : sourceNameIn(url);
  if (/^[A-Za-z][\w-]*$/.test(source)) return source;
  throw new ReportError('usage', `init: "${source}" cannot be a source's name`, {
    hint: 'Letters, digits, "_" and "-", a letter first.',
  });
}

/** The database, folder or file of a URL as the name of a source. */
function sourceNameIn(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  const [, last = ''] = /([^/]*?)(?:\.[^/]*)?\/?$/.exec(path) ?? [];
  return /^[A-Za-z][\w-]*$/.test(last) ? last.toLowerCase() : 'dados';
}

interface Made {
  /** The path from the working folder. */
  readonly file: string;
  /** Whether it was there, and was left as it is. */
  readonly outcome: 'written' | 'kept';
}

interface Project {
  readonly name: string;
  readonly source: string;
  readonly drafted: Drafted;
  readonly url: string | undefined;
}

/** @throws ReportError `destination` for a file that cannot be written */
async function makeFiles(
  { config }: CommandSession,
  { name, source, drafted, url }: Project,
): Promise<Made[]> {
  const reportFile = join(config.queries, `${name}.${drafted.extension}`);
  const fixture = inventFixture(drafted.outline, TEST_DAY);
  const names = await reportNames(config).catch((): string[] => []);
  const isTaken = names.includes(name);
  const files: readonly (readonly [file: string, text: string, mode?: number])[] = [
    ...(isTaken ? [] : [[reportFile, drafted.text] as const]),
    ...(fixture === undefined
      ? []
      : [
          [
            join(fixturesFolder({ file: reportFile }), `${source}.${fixture.extension}`),
            fixture.text,
          ] as const,
        ]),
    ['.env', envText(sourceVariable(source), url), 0o600],
    ['.gitignore', GIT_IGNORE],
    ['.gitattributes', GIT_ATTRIBUTES],
    ['.github/workflows/reports.yml', workflowText(toolVersion().replace(/^\S+ /, ''))],
  ];
  const made: Made[] = isTaken ? [{ file: reportFile, outcome: 'kept' }] : [];
  for (const [file, text, mode] of files) {
    const path = resolve(config.cwd, file);
    const isNew = await createFile(path, text, mode).catch((error: unknown) => {
      throw new ReportError('destination', `init: writing ${file}: ${messageOf(error)}`, {
        hint: 'Check the permissions of the folder.',
        cause: error,
      });
    });
    made.push({ file: relative(config.cwd, path), outcome: isNew ? 'written' : 'kept' });
  }
  return made;
}

type Golden = Made['outcome'] | 'missing';

/** Writes the golden of a new report; a warning says why it was not: the fixture may need a hand before it can be loaded. */
async function makeGolden(session: CommandSession, name: string, [report]: readonly Made[]): Promise<Golden> {
  if (report?.outcome !== 'written') return 'kept';
  const [result] = await testReports(session, [name], true);
  if (result !== undefined && ['new', 'updated', 'ok'].includes(result.outcome)) return 'written';
  session.log.warn(`the golden of ${name} was not written: ${result?.detail ?? 'the report has no test'}`);
  return 'missing';
}

/** What the files that were kept lack. */
async function adviceOf({ cwd }: Config, made: readonly Made[], variable: string): Promise<string[]> {
  const advice: string[] = [];
  const lacks = async (file: string, pattern: RegExp) =>
    made.some((each) => each.file === file && each.outcome === 'kept') &&
    !pattern.test(await readFile(join(cwd, file), 'utf8').catch(() => ''));
  if (await lacks('.env', new RegExp(`^\\s*(export\\s+)?${variable}\\s*=`, 'm')))
    advice.push(`.env was there, and is kept: add ${variable} to it unless the environment has it`);
  if (await lacks('.gitignore', /^\/?\.env\*?\s*$/m))
    advice.push('.gitignore was there, and is kept: add .env to it, which can hold passwords');
  if (await lacks('.gitattributes', /golden/))
    advice.push(`.gitattributes was there, and is kept: add "${GOLDENS_ATTRIBUTE}" to it`);
  return advice;
}

const MADE_WIDTH = 8;

function madeLine({ file, outcome }: Made): string {
  return `${outcome.padEnd(MADE_WIDTH)} ${file}`;
}

function goldenLine(name: string, golden: Golden): string {
  const line = `${golden.padEnd(MADE_WIDTH)} the golden of ${name}`;
  return golden === 'missing' ? `${line}; later: reportctl test ${name} --update` : line;
}

function nextLines(name: string): string[] {
  return [
    'Review the report, and give the fixture the rows that matter. Then:',
    `  reportctl check ${name}`,
    `  reportctl export ${name}`,
    `  reportctl test ${name}`,
    `  reportctl run ${name}`,
  ];
}
