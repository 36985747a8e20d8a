// A line of bash to words, and candidates to what bash may put into it; nothing is ever expanded or run.

interface Word {
  readonly raw: string;
  readonly text: string;
}

/** Of a word at the cursor: what bash keeps of it, and the quote in which the rest stands. */
export interface BashWord {
  readonly kept: string;
  readonly quote: '' | '"' | "'";
}

/** The words after the program's, without their quotes; the last is the one at the end of the line, maybe empty. */
export function bashWords(line: string): string[] {
  const { words } = split(line);
  const program = words.findIndex(({ text }) => !/^\w+=/.test(text));
  return words.slice(program + 1).map(({ text }) => text);
}

/** @param replaced the part of the last word that bash replaces: it breaks words at `=`, `:`, `@` and quotes too */
export function bashWord(line: string, replaced: string): BashWord {
  const { words, quote } = split(line);
  const raw = words.at(-1)?.raw ?? '';
  // Right behind a break bash names the break itself, and replaces nothing.
  const part = /^[=:@]+$/.test(replaced) ? '' : replaced;
  const kept = raw.endsWith(part) ? raw.slice(0, raw.length - part.length) : '';
  return { kept: split(kept).words[0]?.text ?? '', quote };
}

/** The candidates that go on from what is kept, quoted for where they stand. */
export function bashReplies(values: readonly string[], { kept, quote }: BashWord): string[] {
  return values
    .filter((value) => value.startsWith(kept))
    .map((value) => quoted(value.slice(kept.length), quote));
}

function quoted(text: string, quote: BashWord['quote']): string {
  // In double quotes nothing keeps an interactive bash from taking ! for its history: it stands outside of them.
  if (quote === '"') return text.replace(/["\\$`]/g, '\\$&').replace(/!/g, `"'!'"`);
  if (quote === "'") return text.replace(/'/g, "'\\''");
  return text.replace(/[^\w.,/@%+=\-\u0080-\u{10ffff}]/gu, '\\$&');
}

/** Bash manual, "Quoting". */
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
