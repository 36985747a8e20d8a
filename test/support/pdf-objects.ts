// Looks up the objects of a PDF file by its cross-reference stream, as a viewer does.
import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';

interface PdfObject {
  /** The object, or the dictionary of a stream. */
  readonly text: string;
  /** Inflated; undefined for what is no stream. */
  readonly bytes: Buffer | undefined;
}

export interface PdfObjects {
  /** The dictionary of the cross-reference stream. */
  readonly trailer: string;
  /** The highest object number. */
  readonly last: number;
  get(number: number): PdfObject;
  /** The object to which an entry such as `Root` of the dictionary refers. */
  follow(dictionary: string, entry: string): PdfObject;
}

/** @throws AssertionError when the cross-reference stream and the objects disagree */
export function objectsOf(file: Buffer): PdfObjects {
  assert.match(file.toString('latin1', 0, 16), /^%PDF-1\.7\n%[\x80-\xff]{4}\n/);
  const [, start] = /\nstartxref\n(\d+)\n%%EOF\n$/.exec(file.toString('latin1', file.length - 40)) ?? [];
  const { text: trailer, bytes: entries } = objectAt(file, Number(start));
  const [, width = 0, indexWidth = 0] = numbersOf(trailer, /\/W\[(\d) (\d) (\d)\]/);
  const [size = 0] = numbersOf(trailer, /\/Size (\d+)/);
  assert.ok(entries !== undefined && entries.length === size * (1 + width + indexWidth));
  const streams = new Map<number, string[]>();

  const get = (number: number): PdfObject => {
    const at = number * (1 + width + indexWidth);
    const place = entries.readUIntBE(at + 1, width);
    if (entries[at] === 1) return objectAt(file, place, number);
    assert.equal(entries[at], 2, `object ${number}`);
    const texts = streams.get(place) ?? textsOf(get(place));
    streams.set(place, texts);
    const [head, text] = texts[entries.readUIntBE(at + 1 + width, indexWidth)]?.split('\0') ?? [];
    assert.equal(head, String(number));
    return { text: text ?? '', bytes: undefined };
  };
  const follow = (dictionary: string, entry: string) => {
    const [number] = numbersOf(dictionary, new RegExp(`/${entry}[ [](\\d+) 0 R`));
    assert.ok(number !== undefined, `${dictionary} has no ${entry}`);
    return get(number);
  };
  return { trailer, last: size - 1, get, follow };
}

/** `number\0text` of the objects of an object stream. */
function textsOf({ text, bytes }: PdfObject): string[] {
  assert.ok(bytes !== undefined && text.startsWith('/Type/ObjStm'));
  const [count = 0] = numbersOf(text, /\/N (\d+)/);
  const [first = 0] = numbersOf(text, /\/First (\d+)/);
  const head = bytes.toString('latin1', 0, first).trim().split(' ').map(Number);
  return Array.from({ length: count }, (_, index) => {
    const next = head[2 * index + 3] ?? bytes.length - first;
    return `${head[2 * index]}\0${bytes.toString('latin1', first + (head[2 * index + 1] ?? NaN), first + next).trimEnd()}`;
  });
}

function objectAt(file: Buffer, offset: number, number?: number): PdfObject {
  const bodyStart = file.indexOf('>>stream\n', offset);
  const [, found, text] = /^(\d+) 0 obj\n<<(.*)$/s.exec(file.toString('latin1', offset, bodyStart)) ?? [];
  assert.ok(text !== undefined && !text.includes('endobj'), `no stream object at ${offset}`);
  if (number !== undefined) assert.equal(Number(found), number);
  const [length = 0] = numbersOf(text, /\/Length (\d+)/);
  const start = bodyStart + '>>stream\n'.length;
  assert.equal(file.toString('latin1', start + length, start + length + 18), '\nendstream\nendobj\n');
  const bytes = file.subarray(start, start + length);
  return { text, bytes: text.includes('/FlateDecode') ? inflateSync(bytes) : bytes };
}

function numbersOf(text: string, pattern: RegExp): number[] {
  return (pattern.exec(text) ?? []).slice(1).map(Number);
}
