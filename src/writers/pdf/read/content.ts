// The content stream of a page (ISO 32000-1, 7.8.2): its operands and operators, of which those that draw no cell are ignored.
import * as character from './characters.js';
import { damaged, shown } from './damaged.js';
import { Marks, type Section } from './marks.js';
import { PropertyReader } from './properties.js';
import { CellTexts } from './strings.js';

const { CLASSES, LETTER, NUMBER, SPACE } = character;

/** Kinds of operands, besides NUMBER. */
const STRING = 4;
const ARRAY = 5;
const NAME = 6;
const PROPERTIES = 7;

const codeOf = (operator: string) => Buffer.from(operator).reduce((code, byte) => (code << 8) | byte, 0);
const SHOW = codeOf('Tj');
const SHOW_ARRAY = codeOf('TJ');
const BEGIN = codeOf('BMC');
const BEGIN_WITH_PROPERTIES = codeOf('BDC');
const END = codeOf('EMC');
/** What stands behind it is in no syntax of ours. */
const INLINE_IMAGE = codeOf('BI');

export class PageReader {
  /** Of the cells. */
  readonly texts = new CellTexts(() => this.#place);
  #place = '';
  #content: Buffer = Buffer.alloc(0);
  #marks = new Marks('');
  #list = this.#propertyReader();
  /** The operands of the next operator: how many, and the kind of the last one. */
  #operands = 0;
  #operand = NUMBER;
  /** Whether strings or properties are among them, which most operators do not have. */
  #isSpecial = false;
  /** The last name. */
  #name = '';

  /**
   * The sections in their order; the texts of their cells are in `texts` until the next call.
   * @param place the page, for messages
   * @throws ReportError `contract` for what the writer does not write
   */
  read(content: Buffer, place: string): readonly Section[] {
    this.#content = content;
    this.#place = place;
    this.#marks = new Marks(place);
    this.#list = this.#propertyReader();
    this.#forgetOperands();
    this.texts.begin(content);
    for (let at = 0; at < content.length; ) {
      const kind = CLASSES[content[at] as number];
      if (kind === SPACE) at += 1;
      else if (kind === NUMBER) at = this.#number(at);
      else if (kind === LETTER) at = this.#operator(at);
      else at = this.#other(at);
    }
    if (!this.#marks.isClosed || this.#operands > 0) throw damaged(`${place} does not end as it should`);
    this.texts.end();
    return this.#marks.sections;
  }

  #number(start: number): number {
    this.#add(NUMBER);
    const end = character.endOf(NUMBER, this.#content, start);
    if (CLASSES[this.#content[end] as number] === LETTER) throw this.#unexpected(start);
    return end;
  }

  #operator(start: number): number {
    const content = this.#content;
    let code = 0;
    let at = start;
    do {
      code = (code << 8) | (content[at] as number);
      at += 1;
    } while (CLASSES[content[at] as number] === LETTER);
    if (CLASSES[content[at] as number] === NUMBER || !this.#apply(code)) throw this.#unexpected(start);
    this.#forgetOperands();
    return at;
  }

  /** False when it has not the right operands. */
  #apply(code: number): boolean {
    const { texts } = this;
    const marks = this.#marks;
    switch (code) {
      case SHOW:
        return this.#operands === 1 && this.#operand === STRING;
      case SHOW_ARRAY:
        return this.#operands === 1 && this.#operand === ARRAY;
      case BEGIN:
        if (this.#operands !== 1 || this.#operand !== NAME) return false;
        marks.begin(this.#name, { level: undefined, hasText: false }, texts.count);
        return true;
      case BEGIN_WITH_PROPERTIES:
        if (this.#operands !== 2 || this.#operand !== PROPERTIES) return false;
        if (marks.begin(this.#name, this.#list.properties, texts.count)) texts.endCell(false);
        else texts.undo();
        return true;
      case END:
        marks.end(texts.count);
        return this.#operands === 0;
      default:
        return !this.#isSpecial && code !== INLINE_IMAGE;
    }
  }

  #other(start: number): number {
    const content = this.#content;
    switch (content[start]) {
      case character.OPEN_STRING:
        this.#add(STRING);
        return this.#string(start);
      case character.OPEN_ARRAY:
        this.#add(ARRAY);
        return this.#array(start);
      case character.SLASH: {
        this.#add(NAME);
        const end = character.endOfName(content, start);
        this.#name = content.toString('latin1', start + 1, end);
        return end;
      }
      case character.LESS:
        if (content[start + 1] !== character.LESS || this.#operand !== NAME) break;
        this.#add(PROPERTIES);
        this.#isSpecial = true;
        return this.#list.read(start);
      default:
    }
    throw this.#unexpected(start);
  }

  /** A cell, or a string of no interest. */
  #string(start: number): number {
    this.#isSpecial = true;
    const end = this.texts.drawn(start);
    if (this.#marks.takesStrings) this.texts.endCell(true);
    else this.texts.undo();
    return end;
  }

  /** Strings, and numbers that move what is drawn (9.4.3). */
  #array(start: number): number {
    const content = this.#content;
    for (let at = start + 1; ; ) {
      const byte = content[at] as number;
      const kind = CLASSES[byte];
      if (kind === NUMBER) at = character.endOf(NUMBER, content, at);
      else if (kind === SPACE) at += 1;
      else if (byte === character.OPEN_STRING) at = this.#string(at);
      else if (byte === character.CLOSE_ARRAY) return at + 1;
      else throw this.#unexpected(at);
    }
  }

  #add(operand: number): void {
    this.#operands += 1;
    this.#operand = operand;
  }

  #forgetOperands(): void {
    this.#operands = 0;
    this.#operand = NUMBER;
    this.#isSpecial = false;
  }

  #propertyReader(): PropertyReader {
    return new PropertyReader(this.#content, this.texts, (at) => this.#unexpected(at));
  }

  #unexpected(at: number) {
    const text = this.#content.toString('latin1', at, at + 60);
    return damaged(`${this.#place} has ${shown(text)} at byte ${at}, which the writer does not write there`);
  }
}
