// The names that lead to a value in a document, and their spelling in a report: `organizacao.nome`, `itens.0.preco`, `valor\.total`.

/** The names of a path. A dot that is a part of a name has a backslash before it, and so has a backslash before a dot. */
export function segmentsOf(path: string): string[] {
  if (!path.includes('\\')) return path.split('.');
  const segments = [''];
  for (const [piece] of path.matchAll(/\\[\\.]|./gsu)) {
    if (piece === '.') segments.push('');
    else
      segments[segments.length - 1] += piece.length === 2 && piece.startsWith('\\') ? piece.slice(1) : piece;
  }
  return segments;
}

/** The path through these names. */
export function pathThrough(segments: readonly string[]): string {
  return segments.map((name) => name.replace(/[\\.]/g, '\\$&')).join('.');
}
