// Bookmarks of the groups (ISO 32000-1, 12.3.3 Document Outline).
import { points } from './bytes.js';
import { type PdfFile, textString } from './objects.js';

/** A group that begins on a page. */
export interface Entry {
  /** 0 for the outermost. */
  readonly level: number;
  readonly text: string;
  /** From 1. */
  readonly page: number;
  /** Of its heading, in points. */
  readonly top: number;
}

interface Item {
  readonly entry: Entry;
  readonly number: number;
  readonly children: Item[];
}

/** @param pageOf the object number of a page. @returns the number of the outline */
export function writeOutline(
  file: PdfFile,
  entries: readonly Entry[],
  pageOf: (page: number) => number,
): number {
  const root: Item[] = [];
  const open: Item[] = [];
  for (const entry of entries) {
    const item = { entry, number: file.reserve(), children: [] };
    open.length = entry.level;
    (open.at(-1)?.children ?? root).push(item);
    open.push(item);
  }
  const outline = file.reserve();
  writeItems(file, root, outline, pageOf);
  file.object(
    `<</Type/Outlines/First ${root[0]?.number} 0 R/Last ${root.at(-1)?.number} 0 R/Count ${root.length}>>`,
    outline,
  );
  return outline;
}

function writeItems(
  file: PdfFile,
  items: readonly Item[],
  parent: number,
  pageOf: (page: number) => number,
): void {
  for (const [index, { entry, number, children }] of items.entries()) {
    const [previous, next] = [items[index - 1], items[index + 1]];
    const [first, last] = [children[0], children.at(-1)];
    const parts = [
      `<</Title${textString(entry.text)}/Parent ${parent} 0 R`,
      previous === undefined ? '' : `/Prev ${previous.number} 0 R`,
      next === undefined ? '' : `/Next ${next.number} 0 R`,
      // A negative count: the children are there and not shown.
      first === undefined
        ? ''
        : `/First ${first.number} 0 R/Last ${last?.number} 0 R/Count ${-children.length}`,
      `/Dest[${pageOf(entry.page)} 0 R/XYZ null ${points(entry.top)} null]>>`,
    ];
    file.object(parts.join(''), number);
    writeItems(file, children, number, pageOf);
  }
}
