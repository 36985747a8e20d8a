// Splits SQL text into code, strings, comments, parameters and the filters' marker, as psql and PostgreSQL read it.

export interface Token {
  readonly kind: 'code' | 'quoted' | 'comment' | 'marker' | 'parameter';
  readonly text: string;
  /** A parameter's name. */
  readonly name?: string;
}

// PostgreSQL manual, 4.1 "Lexical Structure": each alternative is one token, tried in this order.
const PATTERN = new RegExp(
  [
    /(?<marker>\/\*\s*\{filters\}\s*\*\/)/,
    /(?<line>--[^\r\n]*)/,
    /(?<block>\/\*)/,
    /(?<escape>\b[eE]'(?:[^'\\]|''|\\[\s\S])*')/,
    /(?<string>'(?:[^']|'')*')/,
    /(?<identifier>"(?:[^"]|"")*")/,
    /(?<dollar>(?<![\w$\u0080-\uffff])\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?\$\k<tag>\$)/,
    /(?<cast>::)/,
    /(?<parameter>(?<![\w\]):])(?::(?<plain>[A-Za-z_]\w*)|:'(?<text>[A-Za-z_]\w*)'))/,
    /(?<word>[\w\u0080-\uffff]+)/,
    /(?<other>[\s\S])/,
  ]
    .map((part) => part.source)
    .join('|'),
  'y',
);

/** Every character of the text in exactly one token, in order. An unfinished string or comment is left to the server. */
export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < sql.length) {
    const start = PATTERN.lastIndex;
    const groups = PATTERN.exec(sql)?.groups ?? {};
    if (groups.block !== undefined) PATTERN.lastIndex = endOfComment(sql, start);
    const text = sql.slice(start, PATTERN.lastIndex);
    const name = groups.plain ?? groups.text;
    if (groups.marker !== undefined) found.push({ kind: 'marker', text });
    else if (name !== undefined) found.push({ kind: 'parameter', text, name });
    else if (groups.line !== undefined || groups.block !== undefined) found.push({ kind: 'comment', text });
    else if (groups.other !== undefined || groups.word !== undefined || groups.cast !== undefined)
      found.push({ kind: 'code', text });
    else found.push({ kind: 'quoted', text });
  }
  return found;
}

/** Comments nest in PostgreSQL. */
function endOfComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let match = edge.exec(sql); match; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}

/** Without the semicolons, blanks and comments at the end, so that the text can stand in parentheses. */
export function withoutEnd(found: readonly Token[]): readonly Token[] {
  const last = found.findLastIndex(
    (token) => token.kind !== 'comment' && !(token.kind === 'code' && /^[\s;]$/.test(token.text)),
  );
  return found.slice(0, last + 1);
}
