// Names that programs give to what is no data yet, or no data at all: _temporary/, .part-0.json, .ipynb_checkpoints/, ._x.json.

/**
 * As Spark, Hive and Trino have it: a name that begins with `.` or `_`. A partition by a column of such a name is none
 * (`_day=2024-10-05`), as Spark has it.
 */
function isHidden(segment: string): boolean {
  return segment.startsWith('.') || (segment.startsWith('_') && !segment.includes('='));
}

/**
 * The beginning of a key up to its first hidden segment, with the slash when that is a folder; undefined when there is none. What
 * the prefix names was asked for, be it hidden or not.
 */
export function hiddenPart(key: string, prefix: string): string | undefined {
  for (let start = prefix.lastIndexOf('/') + 1; start < key.length; ) {
    const slash = key.indexOf('/', start);
    const end = slash === -1 ? key.length : slash + 1;
    if (start >= prefix.length && isHidden(key.slice(start, end))) return key.slice(0, end);
    start = end;
  }
  return undefined;
}
