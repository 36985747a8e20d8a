// What of a published file is not as it was written down, one line each.

export interface Difference {
  /** What was compared: `sha256`, `rows`, `total valor`, … */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** The one difference, or none. */
export function compare(what: string, expected: string | number, found: string | number): Difference[] {
  return expected === found ? [] : [{ what, expected: String(expected), found: String(found) }];
}

type Counts = Readonly<Record<string, string | number>>;

/** One difference for each name whose values differ; a name that one of them lacks is a difference too. */
export function compareEach(what: string, expected: Counts, found: Counts): Difference[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return names.flatMap((name) => compare(`${what} ${name}`, expected[name] ?? 'none', found[name] ?? 'none'));
}

export function spellDifference({ what, expected, found }: Difference): string {
  return `${what}: expected ${expected}, found ${found}`;
}
