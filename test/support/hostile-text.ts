// Text with which somebody outside could keep a pattern or a loop busy, and a watchdog for what it keeps busy.
import assert from 'node:assert/strict';
import vm from 'node:vm';

/** What hostile text repeats. */
export const UNITS: readonly string[] = [
  ...[
    ' ',
    '\t',
    '\n',
    '\r\n',
    '"',
    "'",
    '(',
    ')',
    '[',
    ']',
    '{',
    '<',
    '>',
    '/',
    '\\',
    '.',
    ',',
    ';',
    ':',
    '%',
    '@',
  ],
  ...['=', '-', '_', '$', '#', '?', '&', '*', '!', '0', '1', 'a', 'é', '😀', '\0', '\ud800'],
];

/** A unit so often; a character that it does not hold stands at the end. */
export function repeated(unit: string, times: number): string {
  return `${unit.repeat(times)}\u0001`;
}

/** All pairs of two different ones. */
export function alternations(units: readonly string[]): string[] {
  return units.flatMap((a) => units.filter((b) => b !== a).map((b) => a + b));
}

/** No machine is so slow that it needs this for a megabyte in linear time; quadratic time is hours. */
const WATCHDOG_MS = 30_000;

/** Calls a function, and stops it and fails when it is not done in half a minute. */
export function assertEnds<T>(what: string, action: () => T): T {
  try {
    return vm.runInNewContext('action()', { action }, { timeout: WATCHDOG_MS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      assert.fail(`${what} is not done in ${WATCHDOG_MS / 1000} s`);
    throw error;
  }
}

/**
 * Whether an action takes more than linear time in the length of its text.
 * @param suspiciousMs what linear time is far below for `times` units; only when it takes longer, it is measured again and compared
 */
export function isSuperlinear(
  action: (text: string) => void,
  unit: string,
  times: number,
  suspiciousMs: number,
): boolean {
  const text = repeated(unit, times);
  if (cpuMilliseconds(() => action(text)) < suspiciousMs) return false;
  // The best of several, since compiling and collecting garbage take their time, too.
  const best = (each: string) => Math.min(...[1, 2, 3].map(() => cpuMilliseconds(() => action(each))));
  const short = best(text);
  // Four times the text: linear takes four times as long, quadratic sixteen times.
  return short >= suspiciousMs && best(repeated(unit, 4 * times)) > 9 * short;
}

/** Of this process: what other processes do does not count. */
function cpuMilliseconds(action: () => void): number {
  const began = process.cpuUsage();
  action();
  return process.cpuUsage(began).user / 1000;
}
