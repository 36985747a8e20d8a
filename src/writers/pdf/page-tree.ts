// The pages as a tree (ISO 32000-1, 7.7.3), written when all of them are known.
import { points } from './bytes.js';
import type { PdfFile } from './objects.js';
import type { Paper } from './paper.js';

const KIDS = 64;

/** Numbers of the pages' objects, which others point at before the tree is written. */
export class PageTree {
  readonly #first: number;
  readonly #count: number;

  /** Reserves the numbers of so many pages. */
  constructor(file: PdfFile, count: number) {
    const numbers = Array.from({ length: count }, () => file.reserve());
    this.#first = numbers[0] ?? 0;
    this.#count = count;
  }

  /** @param page from 1 */
  objectOf(page: number): number {
    return this.#first + page - 1;
  }

  /**
   * @param contents object numbers of the content streams
   * @param resources the object number of what all pages use; each page must name it (ISO 19005-2, 6.2.2)
   * @param more further entries of a page; its index from 0
   * @returns the number of the root
   */
  write(
    file: PdfFile,
    paper: Paper,
    contents: readonly number[],
    resources: number,
    more: (index: number) => string,
  ): number {
    const root = file.reserve();
    let level: Node[] = contents.map((content, index) => {
      const number = this.#first + index;
      return {
        number,
        count: 1,
        write: (parent) =>
          void file.object(
            `<</Type/Page/Parent ${parent} 0 R/Contents ${content} 0 R/Resources ${resources} 0 R${more(index)}>>`,
            number,
          ),
      };
    });
    while (level.length > KIDS) level = grouped(file, level);
    for (const { write } of level) write(root);
    const kids = level.map(({ number }) => `${number} 0 R`).join(' ');
    const box = `[0 0 ${points(paper.width)} ${points(paper.height)}]`;
    file.object(`<</Type/Pages/Count ${this.#count}/Kids[${kids}]/MediaBox${box}>>`, root);
    return root;
  }
}

interface Node {
  readonly number: number;
  /** Pages below it. */
  readonly count: number;
  write(parent: number): void;
}

function grouped(file: PdfFile, nodes: readonly Node[]): Node[] {
  const groups: Node[] = [];
  for (let at = 0; at < nodes.length; at += KIDS) {
    const kids = nodes.slice(at, at + KIDS);
    const number = file.reserve();
    const count = kids.reduce((sum, kid) => sum + kid.count, 0);
    for (const kid of kids) kid.write(number);
    const list = kids.map((kid) => `${kid.number} 0 R`).join(' ');
    groups.push({
      number,
      count,
      write: (parent) =>
        void file.object(`<</Type/Pages/Parent ${parent} 0 R/Count ${count}/Kids[${list}]>>`, number),
    });
  }
  return groups;
}
