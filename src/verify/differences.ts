// Differences between a published file and what was recorded about it, one line each.

export interface Difference {
  /** What was compared: `sha256`, `rows`, `total valor`, … */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** One difference, or none when the values are equal. */
export function compare(what: string, expected: string | number, found: string | number): Difference[] {
  return expected === found ? [] : [{ what, expected: String(expected), found: String(found) }];
}

type Counts = Readonly<Record<string, string | number>>;

/** One difference for each name whose values differ, or that only one of them has. */
export function compareEach(what: string, expected: Counts, found: Counts): Difference[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return names.flatMap((name) => compare(`${what} ${name}`, expected[name] ?? 'none', found[name] ?? 'none'));
}

export function spellDifference({ what, expected, found }: Difference): string {
  return `${what}: expected ${expected}, found ${found}`;
}
