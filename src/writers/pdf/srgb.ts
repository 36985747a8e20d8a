// The colour profile of sRGB (IEC 61966-2-1) as an ICC.1:2004-10 file (ISO 15076-1), which says what the colours of a PDF/A file are.

const HEADER = 128;
const TAG_ENTRY = 12;
/** White of the profile connection space. */
const D50 = [0.9642, 1, 0.8249];
/** Primaries, adapted from D65 to D50 as all profiles of sRGB round them. */
const RED = [0.43606567, 0.2224884, 0.01391602];
const GREEN = [0.38514709, 0.71687317, 0.09707642];
const BLUE = [0.14306641, 0.06060791, 0.71409607];
/** The Bradford adaptation of D65 to D50. */
const ADAPTATION = [
  [1.047882, 0.022919, -0.050201],
  [0.029587, 0.990479, -0.017059],
  [-0.009232, 0.015076, 0.751678],
].flat();
/** Parameters g, a, b, c and d of the function type 3: (ax + b)^g from d on, cx below. */
const CURVE = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];

/** The same bytes at every call. */
export function srgbProfile(): Buffer {
  const curve = element('para', Buffer.from([0, 3, 0, 0]), fixed(CURVE));
  const tags: [string, Buffer][] = [
    ['desc', text('sRGB')],
    ['cprt', text('No copyright')],
    ['wtpt', element('XYZ ', fixed(D50))],
    ['chad', element('sf32', fixed(ADAPTATION))],
    ['rXYZ', element('XYZ ', fixed(RED))],
    ['gXYZ', element('XYZ ', fixed(GREEN))],
    ['bXYZ', element('XYZ ', fixed(BLUE))],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ];
  const table = Buffer.alloc(4 + TAG_ENTRY * tags.length);
  table.writeUInt32BE(tags.length);
  let end = HEADER + table.length;
  const offsets = new Map<Buffer, number>();
  for (const [index, [name, content]] of tags.entries()) {
    // The three curves are one.
    const offset = offsets.get(content) ?? end;
    if (offset === end) end += content.length;
    offsets.set(content, offset);
    const at = 4 + TAG_ENTRY * index;
    table.write(name, at, 'latin1');
    table.writeUInt32BE(offset, at + 4);
    table.writeUInt32BE(content.length, at + 8);
  }
  return Buffer.concat([header(end), table, ...offsets.keys()]);
}

function header(length: number): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(0x04200000, 8);
  bytes.write('mntrRGB XYZ ', 12, 'latin1');
  // Made on 1 January 2000: the profile has no other version.
  for (const [index, value] of [2000, 1, 1].entries()) bytes.writeUInt16BE(value, 24 + 2 * index);
  bytes.write('acsp', 36, 'latin1');
  fixed(D50).copy(bytes, 68);
  return bytes;
}

/** A tag's content: its type, and zeros up to a multiple of four bytes. */
function element(type: string, ...content: Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.from(`${type}\0\0\0\0`, 'latin1'), ...content]);
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

/** A text in one language. */
function text(english: string): Buffer {
  const head = Buffer.alloc(20);
  for (const [index, value] of [1, 12].entries()) head.writeUInt32BE(value, 4 * index);
  head.write('enUS', 8, 'latin1');
  head.writeUInt32BE(2 * english.length, 12);
  head.writeUInt32BE(28, 16);
  return element('mluc', head, Buffer.from(english, 'utf16le').swap16());
}

/** Signed numbers with 16 bits before and after the point. */
function fixed(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeInt32BE(Math.round(value * 65536), 4 * index);
  return bytes;
}
