// Finds the regular expression literals of TypeScript source text.

export interface RegexLiteral {
  readonly source: string;
  readonly flags: string;
  /** Counts from 1. */
  readonly line: number;
}

/** After one of these, a slash begins a literal; after a value or a closing bracket, it divides. */
const BEFORE_EXPRESSION =
  /^(?:return|case|typeof|instanceof|in|of|yield|await|else|do|void|new|delete|throw)$/;

/** A tokenizer for what the code style lets stand in a file: it knows comments, strings, templates and literals, and nothing else. */
export function regexLiterals(text: string): RegexLiteral[] {
  const found: RegexLiteral[] = [];
  /** The open braces; '`' is one inside a template. */
  const braces: string[] = [];
  let isAfterValue = false;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    const word = matchAt(/[\w$]+/y, text, at);
    if (/\s/.test(character)) at += 1;
    else if (text.startsWith('//', at)) at = endOf(text, '\n', at);
    else if (text.startsWith('/*', at)) at = endOf(text, '*/', at + 2);
    else if (character === '`' || (character === '}' && braces.at(-1) === '`')) {
      if (character === '}') braces.pop();
      at = endOfTemplate(text, at + 1);
      isAfterValue = text[at - 1] === '`';
      if (!isAfterValue) braces.push('`');
    } else if (character === "'" || character === '"') {
      at = at + (matchAt(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy, text, at)?.length ?? 1);
      isAfterValue = true;
    } else if (character === '/' && !isAfterValue) {
      const [whole, source = '', flags = ''] =
        matchesAt(/\/((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([a-z]*)/y, text, at) ?? [];
      if (whole === undefined) throw new Error(`no literal: ${text.slice(at, at + 60)}`);
      found.push({ source, flags, line: text.slice(0, at).split('\n').length });
      at += whole.length;
      isAfterValue = true;
    } else if (word !== undefined) {
      isAfterValue = !BEFORE_EXPRESSION.test(word);
      at += word.length;
    } else {
      if (character === '{') braces.push('{');
      if (character === '}') braces.pop();
      isAfterValue = character === ')' || character === ']';
      at += 1;
    }
  }
  return found;
}

function endOf(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at === -1 ? text.length : at + end.length;
}

/** The position after the template's end, or after the next `${` in it. */
function endOfTemplate(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1;
  return at + (text[at] === '`' ? 1 : 2);
}

function matchesAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  return matchesAt(pattern, text, at)?.[0];
}
