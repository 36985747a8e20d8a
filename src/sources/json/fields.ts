// A tree of known fields: which ones the scanner looks for, and where it found their values in the last document.

/** A field of an object: one that a path ends at or leads through, or one that documents were seen to have. */
export interface Field {
  readonly name: string;
  /** Bytes of the name in UTF-8 with its quotes and a colon, spelled without escapes. */
  readonly length: number;
  /** Those bytes as little-endian words, and a mask of the bits of the last word that belong to the name. */
  readonly words: Int32Array;
  readonly lastMask: number;
  readonly parent: Field | undefined;
  /** Does a path end here or lead through here? */
  wanted: boolean;
  /** The fields inside its value, where a path leads on. */
  inside: Fields | undefined;
  /** The field that came after it in the last object: the first guess for the next object. */
  next: Field | undefined;
  /** The number of the last scan that met it; `start` and `end` belong to that scan. */
  seenIn: number;
  /** Where its value starts, and the position after it. */
  start: number;
  end: number;
  /** Documents that have it; counted for fields of the top level. */
  documents: number;
}

/** The known fields of one object. */
export interface Fields {
  readonly owner: Field | undefined;
  readonly byName: Map<string, Field>;
  first: Field | undefined;
}

/** Fields known of one object. Documents that use data as names would otherwise fill the memory. */
const MAX_KNOWN_FIELDS = 1000;

export function newFields(owner?: Field): Fields {
  return { owner, byName: new Map(), first: undefined };
}

/** The field at the end of a path; makes the fields on the way. */
export function wantField(fields: Fields, path: readonly string[]): Field {
  const [name = '', ...rest] = path;
  const field = fields.byName.get(name) ?? addField(fields, name);
  field.wanted = true;
  if (rest.length === 0) return field;
  field.inside ??= newFields(field);
  return wantField(field.inside, rest);
}

/** The field of a name that a document has; undefined when too many are known already. */
export function meetField(fields: Fields, name: string): Field | undefined {
  return (
    fields.byName.get(name) ?? (fields.byName.size < MAX_KNOWN_FIELDS ? addField(fields, name) : undefined)
  );
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
