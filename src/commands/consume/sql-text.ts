// Quotes names and texts for SQL.

/** `'…'`, with quotes doubled: standard SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `"…"`, with quotes doubled: standard SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
