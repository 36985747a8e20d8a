// Splits a bash command line into words, and quotes candidates for it. Nothing is expanded or executed.

interface Word {
  /** As typed. */
  readonly raw: string;
  /** Without quotes and escapes. */
  readonly text: string;
}

/** The word at the cursor: the part that bash keeps, and the quote that is open at the cursor. */
export interface BashWord {
  readonly kept: string;
  readonly quote: '' | '"' | "'";
}

/** The words after the program's name, without quotes. The last is the word at the end of the line, which may be empty. */
export function bashWords(line: string): string[] {
  const { words } = split(line);
  const program = words.findIndex(({ text }) => !/^\w+=/.test(text));
  return words.slice(program + 1).map(({ text }) => text);
}

/** @param replaced the part of the last word that bash replaces: bash also breaks words at `=`, `:`, `@` and quotes */
export function bashWord(line: string, replaced: string): BashWord {
  const { words, quote } = split(line);
  const raw = words.at(-1)?.raw ?? '';
  // Directly after such a break bash passes the break itself, but replaces nothing.
  const part = /^[=:@]+$/.test(replaced) ? '' : replaced;
  const kept = raw.endsWith(part) ? raw.slice(0, raw.length - part.length) : '';
  return { kept: split(kept).words[0]?.text ?? '', quote };
}

/** The candidates that begin with the kept part, without it and quoted for their position. */
export function bashReplies(values: readonly string[], { kept, quote }: BashWord): string[] {
  return values
    .filter((value) => value.startsWith(kept))
    .map((value) => quoteFor(value.slice(kept.length), quote));
}

function quoteFor(text: string, quote: BashWord['quote']): string {
  // Within double quotes an interactive bash expands ! from its history, even escaped: close the quotes around it.
  if (quote === '"') return text.replace(/["\\$`]/g, '\\$&').replace(/!/g, `"'!'"`);
  if (quote === "'") return text.replace(/'/g, "'\\''");
  return text.replace(/[^\w.,/@%+=\-\u0080-\u{10ffff}]/gu, '\\$&');
}

/** The words of the line, and the quote that is open at its end; see "Quoting" in the bash manual. */
function split(line: string): { readonly words: Word[]; readonly quote: BashWord['quote'] } {
  const words: Word[] = [];
  let raw = '';
  let text = '';
  let quote: BashWord['quote'] = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    const next = line[at + 1] ?? '';
    raw += character;
    if (quote === '' && /\s/.test(character)) {
      if (raw.length > 1) words.push({ raw: raw.slice(0, -1), text });
      raw = '';
      text = '';
    } else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    else if (character === '\\' && quote !== "'" && (quote === '' || /["\\$`]/.test(next))) {
      raw += next;
      text += next;
      at += 1;
    } else text += character;
  }
  return { words: [...words, { raw, text }], quote };
}
