// Text, lines and areas at places of a page or of a form.
import { ContentBytes, points } from './bytes.js';
import { type Box, CellDrawer, type CellText } from './cell-drawer.js';
import type { Face } from './fonts.js';
import { type Line, LineBreaker, type Wrapped } from './text-lines.js';

export type Weight = 'regular' | 'bold';
export type Faces = Readonly<Record<Weight, Face>>;
/** In the resources of pages and forms. */
export const FONT_NAMES = { regular: 'F1', bold: 'F2' } as const;

/** In points: areas and rules reach so far into the margins, so that text does not touch their ends. */
const OUTDENT = 3;

export interface TextStyle {
  readonly weight: Weight;
  /** In points. */
  readonly size: number;
  /** An operator that sets a colour; black without one. */
  readonly colour?: string;
}

/** In points, from the left edge of the page. */
export interface Edges {
  readonly left: number;
  readonly right: number;
  readonly isRight?: boolean;
}

export interface Snapshot {
  readonly text: Buffer;
  readonly graphics: Buffer;
  readonly x: number;
  readonly y: number;
  readonly font: string;
}

export class Canvas {
  readonly text = new ContentBytes();
  /** What is drawn below the text. */
  readonly graphics = new ContentBytes();
  readonly #faces: Faces;
  readonly #breakers: Readonly<Record<Weight, LineBreaker>>;
  /** The origin of the present line of text, in hundredths of a point. */
  #x = 0;
  #y = 0;
  #font = '';

  constructor(faces: Faces) {
    this.#faces = faces;
    this.#breakers = { regular: new LineBreaker(faces.regular), bold: new LineBreaker(faces.bold) };
  }

  clear(): void {
    this.text.length = 0;
    this.graphics.length = 0;
    this.#font = '';
    this.#x = 0;
    this.#y = 0;
  }

  /** All that was drawn, for restore(). */
  snapshot(): Snapshot {
    const [text, graphics] = [Buffer.from(this.text.content()), Buffer.from(this.graphics.content())];
    return { text, graphics, x: this.#x, y: this.#y, font: this.#font };
  }

  /** Draws on an empty canvas what was drawn when the snapshot was taken. */
  restore({ text, graphics, x, y, font }: Snapshot): void {
    this.text.append(text);
    this.graphics.append(graphics);
    [this.#x, this.#y, this.#font] = [x, y, font];
  }

  /** The place of the present line of text, for goBack(). */
  here(): readonly [number, number, number] {
    return [this.text.length, this.#x, this.#y];
  }

  /** Takes back all text that was drawn since then. */
  goBack([length, x, y]: readonly [number, number, number]): void {
    this.text.length = length;
    this.#x = x;
    this.#y = y;
  }

  /** A text that has so much room, in points. */
  wrapped(text: string, { weight, size }: TextStyle, room: number, most: number): Wrapped {
    return this.#breakers[weight].wrap(text, Math.floor((room * 1000) / size), most);
  }

  /** Its lines. */
  linesOf(text: string, style: TextStyle, room: number, most: number): readonly Line[] {
    return this.wrapped(text, style, room, most).lines;
  }

  /** The width of a text as one line, in points. */
  widthOf(text: string, { weight, size }: TextStyle): number {
    return (this.#breakers[weight].line(text).width * size) / 1000;
  }

  /** Draws one line of text, condensed where it is too wide. @param y of the baseline */
  line(text: string, style: TextStyle, edges: Edges, y: number, actual?: string): void {
    this.cell({ lines: [this.#breakers[style.weight].line(text)], actual }, style, edges, y);
  }

  /** Draws lines of text. @param y of the first baseline */
  cell(
    { lines, actual }: CellText,
    { weight, size, colour }: TextStyle,
    { left, right, isRight = false }: Edges,
    y: number,
    lineHeight = size * 1.2,
  ): void {
    this.font(weight, size);
    this.moveTo(left, y);
    const drawer = new CellDrawer(this.text, this.#faces[weight], FONT_NAMES[weight], size, lineHeight);
    const place = { left: 0, right: Math.floor(((right - left) * 1000) / size), isRight };
    drawer.cell({ lines, actual, colour }, place);
    this.text.add('\n');
    this.boxes(drawer.boxes, size, left, y, lineHeight);
  }

  font(weight: Weight, size: number): void {
    const font = `/${FONT_NAMES[weight]} ${points(size)} Tf\n`;
    if (font !== this.#font) this.text.add(font);
    this.#font = font;
  }

  /** Begins a line of text (ISO 32000-1, 9.4.2 Text-Positioning Operators). */
  moveTo(x: number, y: number): void {
    const [toX, toY] = [hundredths(x), hundredths(y)];
    this.text.hundredths(toX - this.#x);
    this.text.hundredths(toY - this.#y);
    this.text.add('Td\n');
    this.#x = toX;
    this.#y = toY;
  }

  /** Frames around the numbers of characters that the font lacks. @param x of the left edge, y of the first baseline */
  boxes(boxes: readonly Box[], size: number, x: number, y: number, lineHeight: number): void {
    for (const { left, width, line } of boxes) {
      const from = x + ((left + 40) * size) / 1000;
      const bottom = y - line * lineHeight - size * 0.14;
      this.graphics.add(
        `${points(from)} ${points(bottom)} ${points(((width - 80) * size) / 1000)} ${points(size * 0.78)} re S\n`,
      );
    }
  }

  /** A thin line below text between these edges. */
  rule(left: number, right: number, y: number): void {
    const { graphics } = this;
    const height = hundredths(y);
    graphics.hundredths(hundredths(left - OUTDENT));
    graphics.hundredths(height);
    graphics.add('m ');
    graphics.hundredths(hundredths(right + OUTDENT));
    graphics.hundredths(height);
    graphics.add('l S\n');
  }

  /** An image or a form of the resources, with its lower left corner at a place. */
  picture(name: string, x: number, y: number, width: number, height: number): void {
    const matrix = [width, 0, 0, height, x, y].map(points).join(' ');
    this.graphics.add(`q ${matrix} cm/${name} Do Q\n`);
  }

  /** A light area behind text between these edges. @param shade its colour */
  fill(left: number, right: number, top: number, bottom: number, shade = '.91 .925 .95 rg'): void {
    this.graphics.add(
      `${shade} ${points(left - OUTDENT)} ${points(bottom)} ${points(right - left + 2 * OUTDENT)} ${points(top - bottom)} re f\n`,
    );
  }
}

function hundredths(value: number): number {
  return Math.round(value * 100);
}
