// What every command receives: streams, environment variables, working folder, start time and abort signal.
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { loadConfig } from '../../core/config.js';
import type { Variables } from '../../core/environment.js';
import { createLog } from '../../core/log.js';
import type { Session } from '../../core/session.js';

interface Streams {
  readonly stdin: Readable;
  /** `columns` and `rows` are set when it is a terminal. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

/** The input of one call of main(), apart from the arguments. */
export interface Surroundings extends Streams {
  /** Environment variables. loadConfig() adds to this object what `.env` and the files of `…_FILE` variables contain. */
  readonly env: Variables;
  /** The working folder: relative paths start here. */
  readonly cwd: string;
  /** Abort it with an Interrupted as the reason to interrupt the command. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds at which the command starts; the clock's time by default. */
  readonly now?: number;
  /** A new one by default. */
  readonly runId?: string;
}

export interface Context
  extends Omit<Surroundings, 'now' | 'runId'>,
    Pick<Session, 'now' | 'runId' | 'effects'> {}

export interface CommandSession extends Session, Streams {
  readonly quiet: boolean;
  readonly json: boolean;
}

export interface CommonOptions {
  readonly quiet?: true;
  readonly json?: true;
  readonly logFormat?: 'text' | 'json';
}

/** Adds the options that every command takes. */
export function addCommonOptions(command: Command): Command {
  return command
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'no progress and no log lines below warnings')
    .option('--log-format <format>', 'text or json (REPORTCTL_LOG_FORMAT)');
}

/** Reads the configuration and opens the log. @param options `withoutSecrets` as in CompleteOptions. @throws ReportError `usage` */
export async function openSession(
  context: Context,
  options: CommonOptions & { readonly withoutSecrets?: boolean },
): Promise<CommandSession> {
  const { env, cwd, stdin, stdout, stderr, signal, now, runId, effects } = context;
  const { withoutSecrets = false } = options;
  // Who reads the result as JSON reads errors and warnings so, too.
  const logFormat = options.logFormat ?? (options.json ? 'json' : undefined);
  const config = loadConfig({ env, cwd, logFormat, withoutSecrets });
  const quiet = options.quiet === true;
  const level = quiet && ['debug', 'info'].includes(config.logLevel) ? 'warn' : config.logLevel;
  const log = await createLog({ format: config.logFormat, level, stream: stderr, run: runId });
  const streams = { stdin, stdout, stderr };
  return {
    config,
    log,
    now,
    signal,
    runId,
    effects,
    ...streams,
    quiet,
    json: options.json === true,
  };
}
