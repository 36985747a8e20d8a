// argv to command; the only file that sets process.exitCode, handles signals and prints errors.
import { randomUUID } from 'node:crypto';
import module from 'node:module';
import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError } from 'commander';
import type { Context } from './commands/shared/context.js';
import { logFormatVariable } from './core/config.js';
import { didYouMean, exitCodeOf, Interrupted, ReportError, sentence } from './core/errors.js';
import { createLog, printable } from './core/log.js';
import { toolVersion } from './core/version.js';

interface Entry {
  readonly summary: string;
  /** Commands load what they need, so that `--help` and `--version` load next to nothing. */
  readonly load: (context: Context) => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  export: {
    summary: 'one ad-hoc export of a report',
    load: async (context) => (await import('./commands/export.js')).exportCommand(context),
  },
  run: {
    summary: 'publish the closed period of reports, once',
    load: async (context) => (await import('./commands/run.js')).runCommand(context),
  },
  list: {
    summary: 'the reports: title, source, filters, outputs, next period',
    load: async (context) => (await import('./commands/list.js')).listCommand(context),
  },
  explain: {
    summary: 'what would run, which index serves each filter, an estimate',
    load: async (context) => (await import('./commands/explain.js')).explainCommand(context),
  },
  trace: {
    summary: 'why a row is, or is not, in a report: which filter or gate',
    load: async (context) => (await import('./commands/trace.js')).traceCommand(context),
  },
  check: {
    summary: 'definitions, connections, columns and the destination; reads no rows',
    load: async (context) => (await import('./commands/check.js')).checkCommand(context),
  },
  verify: {
    summary: 'published files against their manifests, run records, a fresh read',
    load: async (context) => (await import('./commands/verify.js')).verifyCommand(context),
  },
  diff: {
    summary: 'two published files, periods or revisions, compared by key',
    load: async (context) => (await import('./commands/diff.js')).diffCommand(context),
  },
  consume: {
    summary: 'the lines that read a published file right: DuckDB, pandas, psql, …',
    load: async (context) => (await import('./commands/consume.js')).consumeCommand(context),
  },
  status: {
    summary: 'which closed periods are published, missing, unfinished or damaged',
    load: async (context) => (await import('./commands/status.js')).statusCommand(context),
  },
  new: {
    summary: 'drafts a report from a table, a query or a collection',
    load: async (context) => (await import('./commands/new.js')).newCommand(context),
  },
  test: {
    summary: 'what reports make of their fixtures, against goldens',
    load: async (context) => (await import('./commands/test.js')).testCommand(context),
  },
  schedule: {
    summary: 'what cron, systemd, Kubernetes, IAM and the bucket need, to paste',
    load: async (context) => (await import('./commands/schedule.js')).scheduleCommand(context),
  },
  completion: {
    summary: 'the script that makes bash, zsh or fish complete reports, filters and values',
    load: async (context) => (await import('./commands/completion.js')).completionCommand(context),
  },
};

/** Milliseconds after a signal in which everything is ended and confirmed; then we end, whatever hangs. */
const ENDED_WITHIN = 9_000;

async function program(args: readonly string[], context: Context): Promise<Command> {
  const root = new Command('reportctl')
    .description('Rows in a database become a file in a bucket, every night, correctly.')
    .version(toolVersion(), '-V, --version')
    .helpCommand('help [command]', 'what a command does and takes')
    .addHelpText('after', '\nEach command has its own --help.');
  const word = args[0] === 'help' ? args[1] : args[0];
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    root.addCommand(word === name ? await load(context) : new Command(name).description(summary));
  }
  if (word !== undefined && !word.startsWith('-') && !Object.hasOwn(COMMANDS, word)) {
    throw new ReportError('usage', `unknown command "${word}"`, {
      hint: `${didYouMean(word, Object.keys(COMMANDS))}.`,
    });
  }
  for (const command of [root, ...root.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.stdout.write(text),
      // Every complaint is printed once, below.
      writeErr: () => undefined,
    });
  }
  return root;
}

/**
 * A young generation that stays at 1 MB: what came and went is freed sooner, the buffers outside V8's heap with it. The
 * peak of a million rows to CSV falls from 120 to 98 MB, to XLSX from 140 to 107, of documents from 160 to 125 MB; CSV and
 * XLSX take no longer, documents (many cells as strings) 5 to 10 % (Node 20). Of all its flags V8 follows this one at run
 * time, on Node 20 to 24; what grew before stays, so it comes first.
 */
function keepMemoryLow(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

async function main(args: readonly string[]): Promise<number> {
  keepMemoryLow();
  // From Node 22 on the commands and what they import are compiled once, and not at every start.
  (module as { enableCompileCache?: () => void }).enableCompileCache?.();
  const controller = new AbortController();
  const runId = randomUUID();
  const interrupt = (signal: NodeJS.Signals) => {
    const reason = new Interrupted(signal, 128 + (constants.signals[signal] ?? 0));
    if (controller.signal.aborted) process.exit(reason.exitCode);
    controller.abort(reason);
    setTimeout(() => void endUnconfirmed(reason), ENDED_WITHIN).unref();
  };
  const underWay = new Set<string>();
  /** Only the exit itself is still waited for. */
  let isTold = false;
  const endUnconfirmed = async (reason: Interrupted) => {
    const what = underWay.size === 0 ? '' : ` of ${[...underWay].join(', ')}`;
    const unconfirmed = new Error(
      `that the query${what} was cancelled and the upload aborted could not be confirmed in ${ENDED_WITHIN / 1000} seconds; run the same again, and "reportctl check --clean" removes what is left after a day`,
    );
    if (!isTold) await report(interruption(reason, unconfirmed), args, runId);
    process.exit(reason.exitCode);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const { stdin, stdout, stderr } = process;
  // Without listeners a reader that went away would end the process with a stack.
  let fault: NodeJS.ErrnoException | undefined;
  stdout.on('error', (error) => {
    fault ??= error;
  });
  stderr.on('error', () => undefined);
  const now = Date.now();
  const { signal } = controller;
  const context: Context = { stdin, stdout, stderr, now, signal, runId, underWay };
  if (args[0] === '__complete') {
    const { complete } = await import('./commands/completion.js');
    await complete(args.slice(1), { context, commands: COMMANDS });
    // A source that did not answer in time is not waited for.
    return new Promise((resolve) => stdout.write('', () => resolve(process.exit(0))));
  }
  try {
    const root = await program(args, context);
    if (args.length === 0) {
      stdout.write(root.helpInformation());
      return 0;
    }
    await root.parseAsync([...args], { from: 'user' });
    // An empty write is answered after all others.
    await new Promise((resolve) => stdout.write('', resolve));
    if (fault === undefined || fault.code === 'EPIPE') return 0;
    throw new ReportError('unexpected', `printing the result: ${fault.message}`, {
      hint: 'The work itself was done.',
    });
  } catch (error) {
    isTold = true;
    return report(signal.aborted ? interruption(signal.reason, error) : error, args, runId);
  }
}

/** What to tell of an interrupted run: an error that is more than the interruption itself has something to add. */
function interruption(reason: Interrupted, error: unknown): Interrupted {
  reason.message += error === reason ? ': nothing unfinished was published' : `: ${sentence(error)}`;
  return reason;
}

/** Prints an error, once, as the log is written, and returns the exit code. */
async function report(error: unknown, args: readonly string[], run: string): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const [, wrong = '', meant] =
      /^(?:error: )?(.*?)(?:\s*\(Did you mean (.*)\?\))?$/s.exec(error.message) ?? [];
    const [, said, choices] = /^(.*\.) Allowed choices are (.*)\.$/s.exec(wrong) ?? [];
    if (said !== undefined && choices !== undefined) {
      const typed = /'([^']*)' is invalid/.exec(said)?.[1] ?? '';
      return report(
        new ReportError('usage', said, { hint: `${didYouMean(typed, choices.split(', '))}.` }),
        args,
        run,
      );
    }
    const hint = `${meant === undefined ? '' : `Did you mean ${meant}? `}See --help.`;
    return report(new ReportError('usage', wrong, { hint }), args, run);
  }
  if (error instanceof ReportError && error.code === 'reader-gone') return 0;
  const known = error instanceof ReportError || error instanceof Interrupted;
  const exitCode = exitCodeOf(error);
  const text = printable(sentence(error));
  if (wantsJsonLog(args)) {
    const log = await createLog({ format: 'json', level: 'error', stream: process.stderr, run });
    log.error(text, { exitCode, ...(known || !(error instanceof Error) ? {} : { stack: error.stack }) });
    return exitCode;
  }
  process.stderr.write(`reportctl: ${text}\n`);
  if (!known && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return exitCode;
}

/** As far as it can be told when reading the flags or the environment is what failed. */
function wantsJsonLog(args: readonly string[]): boolean {
  const at = args.findIndex((arg) => arg.startsWith('--log-format'));
  if (at === -1) return logFormatVariable() === 'json';
  return args[at] === '--log-format=json' || args[at + 1] === 'json';
}

process.exitCode = await main(process.argv.slice(2));
