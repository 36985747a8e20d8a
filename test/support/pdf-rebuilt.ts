// A PDF file of ours with other pages, whole in every other way: its lengths, its positions, its checksums.
import { deflateSync, inflateSync } from 'node:zlib';

const OBJECT = /(\d+) 0 obj\n<<(.*?)\/Length (\d+)>>stream\n/sy;
const STREAM_END = '\nendstream\nendobj\n';

interface StreamObject {
  readonly number: number;
  /** Without its Length. */
  readonly dictionary: string;
  readonly bytes: Buffer;
}

/** The stream objects in their order, the cross-references last. */
export function streamsOf(file: Buffer): StreamObject[] {
  const text = file.toString('latin1');
  const streams: StreamObject[] = [];
  OBJECT.lastIndex = text.indexOf('\n', text.indexOf('\n') + 1) + 1;
  for (let match = OBJECT.exec(text); match !== null; match = OBJECT.exec(text)) {
    const [, number, dictionary = '', length] = match;
    const start = OBJECT.lastIndex;
    const end = start + Number(length);
    streams.push({ number: Number(number), dictionary, bytes: file.subarray(start, end) });
    OBJECT.lastIndex = end + STREAM_END.length;
  }
  return streams;
}

/** The number of a page of rows, or undefined for another stream. */
export function pageNumber({ dictionary }: StreamObject): number | undefined {
  const number = /\/RPTC_Page (\d+)/.exec(dictionary)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** The file with these streams in place of its own. The references must be the last one. */
export function withStreams(file: Buffer, streams: readonly StreamObject[]): Buffer {
  const text = file.toString('latin1');
  const pieces = [file.subarray(0, text.indexOf('\n', text.indexOf('\n') + 1) + 1)];
  let length = pieces[0]?.length ?? 0;
  const add = (piece: Buffer) => {
    pieces.push(piece);
    length += piece.length;
  };
  const positions = new Map<number, number>();
  for (const { number, dictionary, bytes } of streams) {
    positions.set(number, length);
    const isLast = dictionary.includes('/Type/XRef');
    const content = isLast ? deflateSync(moved(inflateSync(bytes), dictionary, positions)) : bytes;
    add(Buffer.from(`${number} 0 obj\n<<${dictionary}/Length ${content.length}>>stream\n`, 'latin1'));
    add(content);
    add(Buffer.from(STREAM_END));
    if (isLast) add(Buffer.from(`startxref\n${positions.get(number)}\n%%EOF\n`));
  }
  return Buffer.concat(pieces);
}

/** References to these positions. */
function moved(entries: Buffer, dictionary: string, positions: ReadonlyMap<number, number>): Buffer {
  const width = Number(/\/W\[1 (\d) 2\]/.exec(dictionary)?.[1]);
  for (const [number, position] of positions) {
    entries.writeUIntBE(position, number * (width + 3) + 1, width);
  }
  return entries;
}

/** The file with other content in its pages. @param change gets a page's content, a byte for each character */
export function withPages(file: Buffer, change: (content: string, page: number) => string): Buffer {
  const streams = streamsOf(file).map((stream) => {
    const page = pageNumber(stream);
    if (page === undefined) return stream;
    const content = change(inflateSync(stream.bytes).toString('latin1'), page);
    return { ...stream, bytes: deflateSync(Buffer.from(content, 'latin1')) };
  });
  return withStreams(file, streams);
}
