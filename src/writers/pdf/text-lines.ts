// Texts as lines that fit into a width: broken at spaces, in words only where one is wider than a line.
import { visualOrder } from './direction.js';
import { type Face, NO_GLYPH } from './fonts.js';

/** Consecutive characters that are drawn alike: letters of the font, or a box with the number of a character that it lacks. */
interface Run {
  text: string;
  /** In 1/1000 em; of a box, with its sides. */
  width: number;
  readonly isBox: boolean;
}

/** A line to draw; its width in 1/1000 em. */
export interface Line {
  readonly runs: readonly Run[];
  readonly width: number;
}

export interface Wrapped {
  readonly lines: readonly Line[];
  /** Whether the text goes on behind the last line, which ends with an ellipsis. */
  readonly isCut: boolean;
  /** Whether there is a box. */
  readonly hasBox: boolean;
}

/** The text of a box is drawn in this part of the size, with so much room on each side, in 1/1000 em. */
export const BOX_SCALE = 0.6;
export const BOX_SIDE = 80;

/** What the lines do not show as it is: the whole of `exact`, or undefined when one line shows just that. */
export function actualOf({ lines, hasBox }: Wrapped, exact: string): string | undefined {
  const isShown = lines.length === 1 && !hasBox && exact !== '';
  return isShown && lines[0]?.runs.map(({ text }) => text).join('') === exact ? undefined : exact;
}

const ELLIPSIS = '…';
const SPACE = ' ';

/** Cuts a text into lines. */
export class LineBreaker {
  readonly #face: Face;
  readonly #ellipsis: number;

  constructor(face: Face) {
    this.#face = face;
    this.#ellipsis = this.#letter(ELLIPSIS).width;
  }

  /** The whole text as one line. */
  line(text: string): Line {
    return this.#lineOf([...paragraphs(text).join(SPACE)].map((letter) => this.#letter(letter)));
  }

  /**
   * @param width of a line, in 1/1000 em
   * @param most lines; further text is cut
   */
  wrap(text: string, width: number, most: number): Wrapped {
    const lines: Run[][] = [];
    let isCut = false;
    for (const paragraph of paragraphs(text)) {
      if (lines.length >= most) {
        isCut = true;
        break;
      }
      isCut = this.#wrapParagraph(paragraph, width, most, lines);
      if (isCut) break;
    }
    const last = lines.at(-1);
    if (isCut && last !== undefined) lines[lines.length - 1] = this.#withEllipsis(last, width);
    return {
      lines: lines.map((line) => this.#lineOf(line)),
      isCut,
      hasBox: lines.some((line) => line.some(({ isBox }) => isBox)),
    };
  }

  /** @returns whether letters are left over */
  #wrapParagraph(paragraph: string, width: number, most: number, lines: Run[][]): boolean {
    let line: Run[] = [];
    let used = 0;
    /** After the last space of the line. */
    let wordStart = 0;
    for (const text of paragraph) {
      const letter = this.#letter(text);
      const isFull = used + letter.width > width && line.length > 0;
      if (isFull && text !== SPACE) {
        if (lines.length + 1 >= most) {
          lines.push(line);
          return true;
        }
        const kept = wordStart > 0 ? wordStart : line.length;
        const next = line.slice(kept);
        lines.push(withoutSpaces(line.slice(0, kept)));
        line = next;
        used = next.reduce((sum, each) => sum + each.width, 0);
        wordStart = 0;
      }
      // A space at the end of a line may stand beyond it.
      line.push(letter);
      used += letter.width;
      if (text === SPACE) wordStart = line.length;
    }
    lines.push(withoutSpaces(line));
    return false;
  }

  #withEllipsis(line: readonly Run[], width: number): Run[] {
    const kept = [...withoutSpaces(line)];
    let used = kept.reduce((sum, each) => sum + each.width, 0);
    while (kept.length > 0 && used + this.#ellipsis > width) used -= kept.pop()?.width ?? 0;
    return [...kept, this.#letter(ELLIPSIS)];
  }

  #lineOf(letters: readonly Run[]): Line {
    const runs: Run[] = [];
    let width = 0;
    for (const letter of visualOrder(letters, (text) => this.#letter(text))) {
      width += letter.width;
      const last = runs.at(-1);
      if (last === undefined || last.isBox || letter.isBox) runs.push({ ...letter });
      else {
        last.text += letter.text;
        last.width += letter.width;
      }
    }
    return { runs, width };
  }

  #letter(text: string): Run {
    const width = text.length === 1 ? (this.#face.widths[text.charCodeAt(0)] as number) : NO_GLYPH;
    if (width !== NO_GLYPH) return { text, width, isBox: false };
    const code = (text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    let codeWidth = 0;
    for (let at = 0; at < code.length; at++) codeWidth += this.#face.widths[code.charCodeAt(at)] as number;
    return { text: code, width: Math.round(codeWidth * BOX_SCALE) + 2 * BOX_SIDE, isBox: true };
  }
}

/** Line breaks as text has them; a tab is a space. */
function paragraphs(text: string): string[] {
  return text.replaceAll('\t', SPACE).split(/\r\n|[\n\r\u2028\u2029]/);
}

function withoutSpaces(line: readonly Run[]): Run[] {
  let end = line.length;
  while (end > 0 && line[end - 1]?.text === SPACE) end -= 1;
  return line.slice(0, end);
}
