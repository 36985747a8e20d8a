// Splits SQL text into code, strings, comments, parameters and the filters' marker, as psql and the engine read it.

export interface Token {
  readonly kind: 'code' | 'quoted' | 'comment' | 'marker' | 'parameter';
  readonly text: string;
  /** A parameter's name. */
  readonly name?: string;
}

/** What an engine's manual says of its lexical structure. */
export interface Lexicon {
  /** A comment up to the end of the line. */
  readonly lineComment: RegExp;
  /** Does `/*` inside a block comment begin another one? */
  readonly nestsComments: boolean;
  /** Strings and quoted names, each pattern with its quotes; tried in this order. */
  readonly quoted: readonly RegExp[];
}

/** `/*{filters}*\/`: the conditions go here. */
const MARKER = /\/\*\s*\{filters\}\s*\*\//;
/** psql's `:name` and `:'name'`; not the end of a slice `[1:n]` or a cast `::type`. */
const PARAMETER = /(?<![\w\]):])(?::(?<plain>[A-Za-z_]\w*)|:'(?<text>[A-Za-z_]\w*)')/;
const CODE = /::|[\w\u0080-\uffff]+|[\s\S]/;

/**
 * A function that splits SQL text: every character is in exactly one token, in order. An unfinished string is code, an
 * unfinished comment reaches to the end; the server will refuse both.
 */
export function tokenizer({ lineComment, nestsComments, quoted }: Lexicon): (sql: string) => Token[] {
  const alternatives: readonly [group: string, patterns: readonly RegExp[]][] = [
    ['marker', [MARKER]],
    ['comment', [lineComment]],
    ['block', [/\/\*/]],
    ['quoted', quoted],
    ['parameter', [PARAMETER]],
    ['code', [CODE]],
  ];
  const source = alternatives
    .map(([group, patterns]) => `(?<${group}>${patterns.map((pattern) => pattern.source).join('|')})`)
    .join('|');
  const pattern = new RegExp(source, 'y');
  return (sql) => {
    const found: Token[] = [];
    pattern.lastIndex = 0;
    while (pattern.lastIndex < sql.length) {
      const start = pattern.lastIndex;
      const groups = pattern.exec(sql)?.groups ?? {};
      if (groups.block !== undefined) pattern.lastIndex = endOfComment(sql, start, nestsComments);
      const text = sql.slice(start, pattern.lastIndex);
      const name = groups.plain ?? groups.text;
      if (name === undefined) found.push({ kind: kindOf(groups), text });
      else found.push({ kind: 'parameter', text, name });
    }
    return found;
  };
}

function kindOf(groups: Readonly<Record<string, string | undefined>>): Token['kind'] {
  if (groups.marker !== undefined) return 'marker';
  if (groups.comment !== undefined || groups.block !== undefined) return 'comment';
  return groups.quoted === undefined ? 'code' : 'quoted';
}

/** @param start where the comment's first slash is */
function endOfComment(sql: string, start: number, nests: boolean): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let match = edge.exec(sql); match; match = edge.exec(sql)) {
    if (match[0] === '*/') depth -= 1;
    else if (nests || depth === 0) depth += 1;
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
