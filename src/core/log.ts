// The log on stderr: plain lines, or JSON by pino.
import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import { cut, MAX_LINE, printable } from './foreign-text.js';
import { withoutLogins } from './secret-shapes.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof LEVELS)[number];

export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface LogOptions {
  readonly format: 'text' | 'json';
  readonly level: LogLevel;
  readonly stream: Writable & { readonly isTTY?: boolean };
  /** The id of this process's run; on every JSON line. */
  readonly run: string;
}

/** On a terminal a line is the message alone; elsewhere it begins with the time (ISO 8601, UTC) and the level. */
export async function createLog({ format, level, stream, run }: LogOptions): Promise<Log> {
  if (format === 'json') {
    const { default: pino } = await import('pino');
    const logger = pino(
      {
        level,
        messageKey: 'message',
        formatters: { level: (word) => ({ level: word }) },
        timestamp: pino.stdTimeFunctions.isoTime,
        base: { tool: 'reportctl', run, host: hostname() },
      },
      stream,
    );
    const writer = (at: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
      logger[at](fields ?? {}, withoutLogins(cut(message, MAX_LINE)));
    return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
  }
  const writer = (at: LogLevel) => (message: string) => {
    if (LEVELS.indexOf(at) < LEVELS.indexOf(level)) return;
    const plain = printable(message);
    const prefix = at === 'info' ? '' : `${at === 'warn' ? 'warning' : at}: `;
    stream.write(stream.isTTY ? `${prefix}${plain}\n` : `${new Date().toISOString()} ${at} ${plain}\n`);
  };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}
