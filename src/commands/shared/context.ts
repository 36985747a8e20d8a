// What every command is given: streams, variables, the folder, the clock's one reading and the signal.
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { loadConfig } from '../../core/config.js';
import type { Variables } from '../../core/environment.js';
import { createLog } from '../../core/log.js';
import type { Session } from '../../core/session.js';

interface Streams {
  readonly stdin: Readable;
  /** A terminal has a size. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

/** The surroundings of one call of main(). */
export interface Surroundings extends Streams {
  /** The variables; `.env` and secrets' files are added in place. */
  readonly env: Variables;
  /** The folder that relative paths start at. */
  readonly cwd: string;
  /** Aborted to interrupt the command, with an Interrupted as its reason. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds at which the command starts; the clock's time by default. */
  readonly now?: number;
}

export interface Context extends Omit<Surroundings, 'now'>, Pick<Session, 'now' | 'runId' | 'inProgress'> {}

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

/** Reads the configuration and opens the log. @throws ReportError `usage` */
export async function openSession(context: Context, options: CommonOptions): Promise<CommandSession> {
  const { env, cwd, stdin, stdout, stderr, signal, now, runId, inProgress } = context;
  const config = loadConfig({ env, cwd, logFormat: options.logFormat });
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
    inProgress,
    ...streams,
    quiet,
    json: options.json === true,
  };
}
