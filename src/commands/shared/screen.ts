// What is known of a terminal: its size, and whether words on it have a colour.
import type { CommandSession } from './context.js';

export interface Screen {
  /** Columns of the terminal. */
  readonly width: number;
  /** Lines of it. */
  readonly height: number;
}

/** The size of a terminal that does not report one (a VT100's). */
const DEFAULT_SCREEN: Screen = { width: 80, height: 24 };

/** The size that the terminal reports. Serial lines, and terminals made by programs, report 0 or nothing. */
export function screenOf({ columns, rows }: { readonly columns?: number; readonly rows?: number }): Screen {
  return { width: columns || DEFAULT_SCREEN.width, height: rows || DEFAULT_SCREEN.height };
}

/** The columns that stdout has, when it is a terminal; undefined for a file or a pipe, whose lines have any length. */
export function terminalWidth({ stdout }: Pick<CommandSession, 'stdout'>): number | undefined {
  return stdout.isTTY ? screenOf(stdout).width : undefined;
}

/** SGR parameters (ECMA-48): green, yellow, red. */
const TONES = { good: 32, waiting: 33, bad: 31 } as const;
export type Paint = (tone: keyof typeof TONES, word: string) => string;

/** A function that colours a word on a terminal, and leaves it alone elsewhere and with `NO_COLOR`. */
export function painter({ stdout, config }: Pick<CommandSession, 'stdout' | 'config'>): Paint {
  if (!stdout.isTTY || config.noColor) return (_, word) => word;
  return (tone, word) => `\u001b[${TONES[tone]}m${word}\u001b[39m`;
}
