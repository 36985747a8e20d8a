// The pages as a tree (ISO 32000-1, 7.7.3), written when all of them are known.
import { points } from './bytes.js';
import type { PdfFile } from './objects.js';
import type { Paper } from './paper.js';

const KIDS = 64;
/** So many pages are collected before the caller may write them. */
const PIECE = 64 * KIDS;

interface Leaves {
  readonly paper: Paper;
  /** Object numbers of the content streams. */
  readonly contents: readonly number[];
  /** The object number of what all pages use; each page must name it (ISO 19005-2, 6.2.2). */
  readonly resources: number;
  /** Further entries of a page; its index from 0. */
  readonly more: (index: number) => string;
}

/** A node without its parent. */
interface Node {
  readonly number: number;
  /** Pages below it. */
  readonly count: number;
  readonly kids: readonly number[];
}

/** Numbers of the pages' objects, which others point at before the tree is written. */
export class PageTree {
  readonly #file: PdfFile;
  readonly #first: number;
  readonly #count: number;

  /** Reserves the numbers of so many pages, which are at least one. */
  constructor(file: PdfFile, count: number) {
    this.#file = file;
    this.#count = count;
    this.#first = file.reserve();
    for (let more = 1; more < count; more++) file.reserve();
  }

  /** @param page from 1 */
  objectOf(page: number): number {
    return this.#first + page - 1;
  }

  /** Writes the pages and the tree; yields when some of it can be written. @returns the number of the root */
  *write(leaves: Leaves): Generator<void, number> {
    const file = this.#file;
    const root = file.reserve();
    let nodes: Node[] = [];
    for (let at = 0; at < this.#count; at += KIDS) {
      const number = this.#count <= KIDS ? root : file.reserve();
      const count = Math.min(KIDS, this.#count - at);
      const kids = Array.from({ length: count }, (_, index) => this.#first + at + index);
      for (let index = at; index < at + count; index++) this.#writePage(index, number, leaves);
      nodes.push({ number, count, kids });
      if (at % PIECE === 0) yield;
    }
    while (nodes.length > KIDS) nodes = this.#grouped(nodes);
    const kids = this.#count <= KIDS ? (nodes[0]?.kids ?? []) : nodes.map(({ number }) => number);
    if (this.#count > KIDS) for (const node of nodes) this.#writeNode(node, root);
    const box = `[0 0 ${points(leaves.paper.width)} ${points(leaves.paper.height)}]`;
    file.object(`<</Type/Pages/Count ${this.#count}/Kids[${references(kids)}]/MediaBox${box}>>`, root);
    return root;
  }

  #writePage(index: number, parent: number, { contents, resources, more }: Leaves): void {
    const content = `/Contents ${contents[index]} 0 R/Resources ${resources} 0 R`;
    this.#file.object(`<</Type/Page/Parent ${parent} 0 R${content}${more(index)}>>`, this.#first + index);
  }

  #grouped(nodes: readonly Node[]): Node[] {
    const groups: Node[] = [];
    for (let at = 0; at < nodes.length; at += KIDS) {
      const inner = nodes.slice(at, at + KIDS);
      const number = this.#file.reserve();
      for (const node of inner) this.#writeNode(node, number);
      const count = inner.reduce((sum, node) => sum + node.count, 0);
      groups.push({ number, count, kids: inner.map((node) => node.number) });
    }
    return groups;
  }

  #writeNode({ number, count, kids }: Node, parent: number): void {
    this.#file.object(
      `<</Type/Pages/Parent ${parent} 0 R/Count ${count}/Kids[${references(kids)}]>>`,
      number,
    );
  }
}

function references(numbers: readonly number[]): string {
  return numbers.map((number) => `${number} 0 R`).join(' ');
}
