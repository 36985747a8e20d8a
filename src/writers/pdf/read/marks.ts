// The marked content of a page (ISO 32000-1, 14.6) as far as it says which strings are cells.
import { damaged, shown } from './damaged.js';
import type { Properties } from './properties.js';

/** Consecutive cells of a page. */
export interface Section {
  readonly kind: 'titles' | 'group' | 'rows';
  /** Of a group: 0 for the outermost. */
  readonly level: number;
  /** The first cell, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

const KINDS: Readonly<Record<string, Section['kind']>> = {
  RPTC_H: 'titles',
  RPTC_G: 'group',
  RPTC_R: 'rows',
};
/** Marked content inside of each other. */
const DEEPEST = 100;

export class Marks {
  readonly sections: Section[] = [];
  readonly #place: string;
  /** What is open: a section, a text in place of what is drawn, the wrapping of a cell of a tagged page, or anything else. */
  readonly #open: ('section' | 'text' | 'cell' | 'other')[] = [];
  #section: Omit<Section, 'to'> | undefined;
  #isReplaced = false;

  /** @param place the page, for messages */
  constructor(place: string) {
    this.#place = place;
  }

  /** Whether strings that are drawn here are cells. */
  get takesStrings(): boolean {
    return this.#section !== undefined && !this.#isReplaced;
  }

  get isClosed(): boolean {
    return this.#open.length === 0;
  }

  /**
   * @param cells the number of cells before
   * @returns whether the text of the properties is a cell
   * @throws ReportError `contract` for what is not where it can be
   */
  begin(tag: string, { level, hasText }: Properties, cells: number): boolean {
    if (this.#open.length === DEEPEST) throw damaged(`${this.#place} has marks inside of marks`);
    const kind = Object.hasOwn(KINDS, tag) ? KINDS[tag] : undefined;
    if (this.#section === undefined) {
      if (kind !== undefined && (level !== undefined) !== (kind === 'group')) throw this.#misplaced(tag);
      if (kind !== undefined) this.#section = { kind, level: level ?? 0, from: cells };
      this.#open.push(kind === undefined ? 'other' : 'section');
      return false;
    }
    const isText = tag === 'Span' && hasText;
    const isCell = (tag === 'TD' || tag === 'TH') && !hasText;
    if (this.#isReplaced || !(isText || isCell)) throw this.#misplaced(tag);
    this.#open.push(isText ? 'text' : 'cell');
    this.#isReplaced = isText;
    return isText;
  }

  /** @param cells the number of cells before */
  end(cells: number): void {
    switch (this.#open.pop()) {
      case undefined:
        throw damaged(`${this.#place} ends marks that did not begin`);
      case 'text':
        this.#isReplaced = false;
        return;
      case 'section':
        if (this.#section !== undefined) this.sections.push({ ...this.#section, to: cells });
        this.#section = undefined;
        return;
      default:
    }
  }

  #misplaced(tag: string) {
    return damaged(`${this.#place} has the mark ${shown(tag)} in the wrong place`);
  }
}
