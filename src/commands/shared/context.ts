// What every command is given: the streams, the clock's one reading, the signal, the configuration and the log.
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../../core/config.js';
import { createLog, type Log } from '../../core/log.js';

interface Streams {
  readonly stdin: Readable;
  /** On a terminal with its size. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

export interface Context extends Streams {
  /** Epoch milliseconds, read once: the date does not change while a command runs. */
  readonly now: number;
  readonly signal: AbortSignal;
  /** A UUID, new for every process: what it logs, sends and exports carries it. */
  readonly runId: string;
  /** What would be left unconfirmed if the process ended now, for who has to end it. */
  readonly underWay: Set<string>;
}

export interface Session extends Context {
  readonly config: Config;
  readonly log: Log;
  readonly quiet: boolean;
  readonly json: boolean;
}

export interface CommonOptions {
  readonly quiet?: true;
  readonly json?: true;
  readonly logFormat?: 'text' | 'json';
}

/** The options that every command takes. */
export function addCommonOptions(command: Command): Command {
  return command
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'no progress and no log lines below warnings')
    .option('--log-format <format>', 'text or json (REPORTCTL_LOG_FORMAT)');
}

/** Reads the environment and opens the log. @throws ReportError `usage` */
export async function openSession(context: Context, options: CommonOptions): Promise<Session> {
  const config = loadConfig({ logFormat: options.logFormat });
  const quiet = options.quiet === true;
  const level = quiet && ['debug', 'info'].includes(config.logLevel) ? 'warn' : config.logLevel;
  const log = await createLog({
    format: config.logFormat,
    level,
    stream: context.stderr,
    run: context.runId,
  });
  return { ...context, config, log, quiet, json: options.json === true };
}
