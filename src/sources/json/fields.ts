// The fields that paths lead to, as a tree: what the scanner looks for, and where in the bytes it found each.

/** A field of an object: wanted, on the way to wanted ones, or only known to be there. */
export interface Field {
  readonly name: string;
  /** The name as JSON spells it without escapes, in quotes, and a colon: how many bytes of UTF-8. */
  readonly length: number;
  /** The same four bytes at once, as they lie in memory, and which bits of the last belong to it. */
  readonly words: Int32Array;
  readonly lastMask: number;
  readonly parent: Field | undefined;
  /** Does a path end at it or lead through it? */
  wanted: boolean;
  /** The fields of the object that is its value, where a path leads on. */
  inside: Fields | undefined;
  /** The field that came after it in the last object, which is the best guess for the next one. */
  next: Field | undefined;
  /** The number of the object scan that saw it last; `start` and `end` belong to that one. */
  seenIn: number;
  /** Where its value begins, and where it has ended. */
  start: number;
  end: number;
  /** In how many documents it was, for those that stand in the documents themselves. */
  documents: number;
}

/** The known fields of one object. */
export interface Fields {
  readonly owner: Field | undefined;
  readonly byName: Map<string, Field>;
  first: Field | undefined;
}

/** Names that an object's fields are told apart by; data that is used as names must not fill the memory. */
const MOST_KNOWN = 1000;

export function newFields(owner?: Field): Fields {
  return { owner, byName: new Map(), first: undefined };
}

/** The field at the end of a path, made with all that lead to it. */
export function wantField(fields: Fields, path: readonly string[]): Field {
  const [name = '', ...rest] = path;
  const field = fields.byName.get(name) ?? addField(fields, name);
  field.wanted = true;
  if (rest.length === 0) return field;
  field.inside ??= newFields(field);
  return wantField(field.inside, rest);
}

/** Remembers a name that the data has; undefined when there are too many. */
export function meetField(fields: Fields, name: string): Field | undefined {
  return fields.byName.get(name) ?? (fields.byName.size < MOST_KNOWN ? addField(fields, name) : undefined);
}

function addField(fields: Fields, name: string): Field {
  const spelled = Buffer.from(`${JSON.stringify(name)}:`);
  const padded = Buffer.alloc(Math.ceil(spelled.length / 4) * 4);
  spelled.copy(padded);
  const field: Field = {
    name,
    length: spelled.length,
    words: Int32Array.from({ length: padded.length / 4 }, (_, index) => padded.readInt32LE(4 * index)),
    lastMask: (-1 >>> (8 * (padded.length - spelled.length))) | 0,
    parent: fields.owner,
    wanted: false,
    inside: undefined,
    next: undefined,
    seenIn: 0,
    start: 0,
    end: 0,
    documents: 0,
  };
  fields.byName.set(name, field);
  return field;
}
