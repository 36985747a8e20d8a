// What was marked on which page, so that the structure of the document can be written at its end (ISO 32000-1, 14.7).

import { ReportError } from '../../core/errors.js';

/** What a marked content is. */
const TAGS = [
  'title',
  'paragraph',
  /** A title of the table's columns. */
  'header',
  /** A cell of a row. */
  'cell',
  /** The heading of a group, inside the table. */
  'group',
  /** The label of a line of sums, and the sums: one of each column that is summed. */
  'sum-label',
  'sum',
  /** The heading of the index of groups, and a line of it. */
  'index-title',
  'index-entry',
] as const;
export type Tag = (typeof TAGS)[number];

/** A run of marked contents of one kind, numbered on from the one before. */
export interface TagRun {
  readonly tag: Tag;
  readonly count: number;
}

/** Each marked content is an object of the file, and a row is one more: a file has at most 8,388,607 (ISO 19005-2, 6.1.13). */
const MOST_MARKS = 7_000_000;

/** Runs of the same tag are joined: a page of rows takes a few numbers. */
export class TagLog {
  /** Off where nothing is marked any more: a structure of part of the document is none. */
  isOn: boolean;
  readonly #runs: number[] = [];
  /** Of each page: where its runs begin. */
  readonly #pages: number[] = [];
  #next = 0;
  #all = 0;

  constructor(isOn: boolean) {
    this.isOn = isOn;
  }

  beginPage(): void {
    this.#pages.push(this.#runs.length);
    this.#next = 0;
  }

  /** The number of the next marked content, which `mark` will take; -1 when nothing is marked. */
  get next(): number {
    return this.isOn ? this.#next : -1;
  }

  /**
   * Takes so many numbers.
   * @returns the first, or -1 when nothing is marked
   * @throws ReportError `contract` when the file would have more objects than PDF/A allows
   */
  mark(tag: Tag, count = 1): number {
    if (!this.isOn) return -1;
    const first = this.#next;
    this.#next += count;
    this.#all += count;
    if (this.#all > MOST_MARKS) throw tooMany();
    const code = TAGS.indexOf(tag);
    const start = this.#pages.at(-1) ?? 0;
    const last = this.#runs.length - 2;
    if (last >= start && this.#runs[last] === code)
      this.#runs[last + 1] = (this.#runs[last + 1] as number) + count;
    else this.#runs.push(code, count);
    return first;
  }

  /** Of each page, in the order of their numbers. */
  *pages(): Generator<readonly TagRun[]> {
    for (const [page, from] of this.#pages.entries()) {
      const runs: TagRun[] = [];
      for (let at = from; at < (this.#pages[page + 1] ?? this.#runs.length); at += 2) {
        runs.push({ tag: TAGS[this.#runs[at] as number] as Tag, count: this.#runs[at + 1] as number });
      }
      yield runs;
    }
  }
}

function tooMany(): ReportError {
  return new ReportError(
    'contract',
    `writing pdf: more than ${MOST_MARKS.toLocaleString('en')} tagged cells, the most of a PDF/A file`,
    {
      hint: 'Leave out "tagged: true", or ask for fewer rows with filters.',
    },
  );
}
