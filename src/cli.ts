// argv to command; the only file that sets process.exitCode, handles signals and prints errors.
import module from 'node:module';
import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError } from 'commander';
import type { Context } from './commands/context.js';
import { logFormatVariable } from './config.js';
import { didYouMean, ReportError, sentence } from './errors.js';
import { createLog, printable } from './log.js';
import { toolVersion } from './manifest.js';

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
    summary: 'what would run, what is pushed down, an estimate',
    load: async (context) => (await import('./commands/explain.js')).explainCommand(context),
  },
  check: {
    summary: 'definitions, connections, columns and the destination; reads no rows',
    load: async (context) => (await import('./commands/check.js')).checkCommand(context),
  },
  verify: {
    summary: 'published files against their manifests, run records, a fresh read',
    load: async (context) => (await import('./commands/verify.js')).verifyCommand(context),
  },
  status: {
    summary: 'which closed periods are published, missing, unfinished or damaged',
    load: async (context) => (await import('./commands/status.js')).statusCommand(context),
  },
};

/** Why the run was ended from outside. */
class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + (constants.signals[signal] ?? 0);
  }
}

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
  const interrupt = (signal: NodeJS.Signals) => {
    const reason = new Interrupted(signal);
    if (controller.signal.aborted) process.exit(reason.exitCode);
    controller.abort(reason);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const { stdin, stdout, stderr } = process;
  // Without listeners a reader that went away would end the process with a stack.
  let fault: NodeJS.ErrnoException | undefined;
  stdout.on('error', (error) => {
    fault ??= error;
  });
  stderr.on('error', () => undefined);
  const context: Context = { stdin, stdout, stderr, now: Date.now(), signal: controller.signal };
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
    return report(controller.signal.aborted ? interruption(controller.signal.reason, error) : error, args);
  }
}

/** What to tell of an interrupted run: an error that is more than the interruption itself has something to add. */
function interruption(reason: Interrupted, error: unknown): Interrupted {
  reason.message += error === reason ? ': nothing unfinished was published' : `: ${sentence(error)}`;
  return reason;
}

/** Prints an error, once, as the log is written, and returns the exit code. */
async function report(error: unknown, args: readonly string[]): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const [, wrong = '', meant] =
      /^(?:error: )?(.*?)(?:\s*\(Did you mean (.*)\?\))?$/s.exec(error.message) ?? [];
    const hint = `${meant === undefined ? '' : `Did you mean ${meant}? `}See --help.`;
    return report(new ReportError('usage', wrong, { hint }), args);
  }
  if (error instanceof ReportError && error.code === 'reader-gone') return 0;
  const known = error instanceof ReportError || error instanceof Interrupted;
  const exitCode = known ? error.exitCode : 1;
  const text = printable(sentence(error));
  if (wantsJsonLog(args)) {
    const log = await createLog({ format: 'json', level: 'error', stream: process.stderr });
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
