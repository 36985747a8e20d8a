// Runs the command that a command line names, prints its error once, and returns the exit code.
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Writable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import { failureOf } from '../core/disclosure.js';
import {
  didYouMean,
  errorSentence,
  exitCodeOf,
  Interrupted,
  messageOf,
  ReportError,
} from '../core/errors.js';
import { cut, MAX_LINE, printable } from '../core/foreign-text.js';
import { hostFailure } from '../core/host-failure.js';
import { createLog } from '../core/log.js';
import { explainMissingFile } from '../core/program-files.js';
import { withoutLogins } from '../core/secret-shapes.js';
import { toolVersion } from '../core/version.js';
import { END_TIMEOUT_MS, untilPrinted, Watchdog } from '../core/watchdog.js';
import { TOPICS, topicLines } from './help/topics.js';
import type { Context, Surroundings } from './shared/context.js';
import { isLogJson } from './shared/log-format.js';
import { printLines } from './shared/print.js';
import { addFiltersOfReport } from './shared/report-filters.js';
import { screenOf } from './shared/screen.js';
import { GROUPS, VERBS } from './verbs.js';

/** The command that shells call to complete a word; `--help` does not list it. */
export const COMPLETE_COMMAND = '__complete';

/**
 * Runs one command line. Prints its result to `stdout` and everything else, errors included, to `stderr`.
 * @param args without the program's name
 * @returns the exit code. Never rejects. After an interruption or a deadline, and for COMPLETE_COMMAND, some work may still be running.
 */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env, stdout, stderr, signal } = surroundings;
  const context: Context = {
    ...surroundings,
    now: surroundings.now ?? Date.now(),
    runId: surroundings.runId ?? randomUUID(),
    effects: new Map(),
  };
  // A stream without an `error` listener ends the process with a stack trace when the reader closes its end of the pipe.
  let stdoutError: NodeJS.ErrnoException | undefined;
  const onStdoutError = (error: NodeJS.ErrnoException) => {
    stdoutError ??= error;
  };
  const onStderrError = () => undefined;
  stdout.on('error', onStdoutError);
  stderr.on('error', onStderrError);
  // Every job of a run listens to it.
  setMaxListeners(0, signal);
  const watchdog = new Watchdog(signal, END_TIMEOUT_MS);
  const failWith = (error: unknown) =>
    printError(error, {
      stderr,
      runId: context.runId,
      asJson: isLogJson(args, env),
      isDebugging: env.REPORTCTL_LOG_LEVEL === 'debug',
    });
  try {
    if (args[0] === COMPLETE_COMMAND) {
      const { complete } = await import('./completion.js');
      await complete(args.slice(1), { context, commands: VERBS });
      await waitForWrites(stdout);
      return 0;
    }
    await watchdog.watch(
      () => runCommandLine(args, context),
      () => context.effects,
    );
    await untilPrinted(signal, () => waitForWrites(stdout, stderr));
    if (stdoutError === undefined || stdoutError.code === 'EPIPE') return 0;
    throw new ReportError('unexpected', `printing the result: ${stdoutError.message}`, {
      hint: 'The command finished its work; only its output is incomplete.',
    });
  } catch (error) {
    const exitCode = await failWith(
      signal.aborted ? interruption(signal.reason, error) : explainMissingFile(error),
    );
    // A slow reader gets everything, unless a deadline has ended the work.
    const isLate = error instanceof ReportError && error.code === 'not-ready';
    const arm = (printing: Watchdog) => printing.abortAfter(0, () => error);
    await untilPrinted(signal, () => waitForWrites(stdout, stderr), isLate ? arm : undefined).catch(
      () => undefined,
    );
    return exitCode;
  } finally {
    watchdog.close();
    // The streams of the process can still fail after main() has returned: they keep their listeners.
    if (stdout !== process.stdout) stdout.off('error', onStdoutError);
    if (stderr !== process.stderr) stderr.off('error', onStderrError);
  }
}

const DESCRIPTION = 'Rows in a database become a file in a bucket, every night, correctly.';

async function runCommandLine(args: readonly string[], context: Context): Promise<void> {
  if (args[0] === 'help' && args.length === 2 && (await printTopic(args[1] ?? '', context))) return;
  const program = await createProgram(args, context);
  if (args.length === 0) {
    context.stdout.write(program.helpInformation());
    return;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // `--help` and `--version` throw an error with exit code 0.
    if (error.exitCode !== 0) throw usageError(error, args, program);
  }
}

/** Prints a topic of the help, or the manual page. @returns false when the word is none of them */
async function printTopic(word: string, context: Context): Promise<boolean> {
  const { stdout } = context;
  if (word === 'man') {
    const { manPage } = await import('./help/man-page.js');
    stdout.write(await manPage(DESCRIPTION, context));
    return true;
  }
  if (!Object.hasOwn(TOPICS, word)) return false;
  printLines(stdout, await topicLines(word, screenOf(stdout).width));
  return true;
}

async function createProgram(args: readonly string[], context: Context): Promise<Command> {
  const topics = [...Object.keys(TOPICS), 'man'];
  const program = new Command('reportctl')
    .description(DESCRIPTION)
    .version(toolVersion(), '-V, --version')
    .commandsGroup('Help:')
    .helpCommand('help [command]', 'what a command does and takes, or one of the topics below')
    .addHelpText('after', `\nEach command has its own --help.\nTopics: reportctl help ${topics.join('|')}`);
  const [first, second] = args;
  const word = first === 'help' ? second : first;
  for (const [name, { summary, group, examples, load }] of Object.entries(VERBS)) {
    const command = word === name ? await load(context) : new Command(name).description(summary);
    if (first === name) await addFiltersOfReport(command, args.slice(1), context);
    if (word === name) command.addHelpText('after', ['\nExamples:', ...examples].join('\n  '));
    program.addCommand(command.helpGroup(GROUPS[group]));
  }
  if (word !== undefined && !word.startsWith('-') && !Object.hasOwn(VERBS, word)) {
    const known = [...Object.keys(VERBS), ...(first === 'help' ? topics : [])];
    throw new ReportError('usage', `unknown command "${word}"`, { hint: `${didYouMean(word, known)}.` });
  }
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showSuggestionAfterError(false)
      .configureOutput({
        writeOut: (text) => context.stdout.write(text),
        getOutHelpWidth: () => screenOf(context.stdout).width,
        getOutHasColors: () => false,
        // main() prints every error, so commander must not.
        writeErr: () => undefined,
      });
  }
  return program;
}

/** A ReportError for commander's error; for an unknown option it suggests the nearest known one. */
function usageError(error: CommanderError, args: readonly string[], program: Command): ReportError {
  const message = error.message.replace(/^error: /, '');
  const command = program.commands.find((each) => each.name() === args[0]) ?? program;
  const options = [program, command].flatMap((each) => each.options.map(({ long }) => long ?? ''));
  const unknown = args.find((arg) => arg.startsWith('--') && !options.includes(arg.replace(/=.*$/s, '')));
  const suggestion =
    error.code === 'commander.unknownOption' && unknown !== undefined
      ? /^did you mean "([^"]*)"/.exec(didYouMean(unknown, [...options, '--help']))?.[1]
      : undefined;
  const verb = args.find((arg) => Object.hasOwn(VERBS, arg));
  if (args[0]?.startsWith('-') && verb !== undefined) {
    return new ReportError('usage', message, {
      hint: `Options follow the command: reportctl ${verb} ${args[0]}. See reportctl ${verb} --help.`,
      cause: error,
    });
  }
  const hint = suggestion === undefined ? 'See --help.' : `Did you mean ${suggestion}? See --help.`;
  return new ReportError('usage', message, { hint, cause: error });
}

/** The interruption; its message includes the work's error, if that is another error. */
function interruption(reason: unknown, error: unknown): unknown {
  if (!(reason instanceof Interrupted)) return reason;
  return new Interrupted(
    `${reason.message}${error === reason ? ': nothing unfinished was published' : `: ${errorSentence(error)}`}`,
    reason.exitCode,
  );
}

interface Printing extends Pick<Context, 'stderr' | 'runId'> {
  readonly asJson: boolean;
  /** Whether failures of the host have their stack, too. */
  readonly isDebugging: boolean;
}

/** Prints an error to stderr, as text or as a JSON log line, and returns its exit code. */
async function printError(error: unknown, printing: Printing): Promise<number> {
  const { stderr, runId, asJson, isDebugging } = printing;
  if (error instanceof ReportError && error.code === 'reader-gone') return 0;
  const ofHost = hostFailure(error);
  const isExpected =
    error instanceof ReportError || error instanceof Interrupted || (ofHost !== undefined && !isDebugging);
  const exitCode = exitCodeOf(error);
  const printed = ofHost ?? error;
  const stack =
    isExpected || !(error instanceof Error) ? undefined : withoutLogins(cut(`${error.stack}`, MAX_LINE));
  if (asJson) {
    const log = await createLog({ format: 'json', level: 'error', stream: stderr, run: runId });
    const { code, hint = null, retryable = null } = failureOf(printed);
    const fields = { event: 'error', code, exitCode, hint, retryable };
    log.error(printable(messageOf(printed)), stack === undefined ? fields : { ...fields, stack });
    return exitCode;
  }
  stderr.write(`reportctl: ${printable(errorSentence(printed))}\n${stack === undefined ? '' : `${stack}\n`}`);
  return exitCode;
}

/** Prints a warning of Node to stderr, as a line of the log. */
export async function printWarning(
  warning: Error,
  args: readonly string[],
  { env, stderr, runId: run }: Pick<Context, 'env' | 'stderr' | 'runId'>,
): Promise<void> {
  const format = isLogJson(args, env) ? 'json' : 'text';
  const log = await createLog({ format, level: 'warn', stream: stderr, run });
  log.warn(`${warning.name}: ${warning.message}`);
}

/** Resolves when everything written so far has reached the operating system: callbacks run in the order of the writes. */
async function waitForWrites(...streams: readonly Writable[]): Promise<void> {
  await Promise.all(streams.map((stream) => new Promise((resolve) => stream.write('', resolve))));
}
