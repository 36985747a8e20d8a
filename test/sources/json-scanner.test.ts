// The scanner against JSON.parse: the same values for every path, the same texts refused, wherever chunks are cut.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Cell, Kind } from '../../src/core/table.js';
import { DocumentReader } from '../../src/sources/json/reader.js';
import { RowMaker } from '../../src/sources/json/rows.js';
import { documentRequest } from '../support/json.js';
import { runs } from '../support/runs.js';

type Columns = Readonly<Record<string, Kind | readonly [Kind, string]>>;

/** The rows of a file whose bytes come in chunks of that size. */
function rowsOf(columns: Columns, content: string | Uint8Array, size = Number.POSITIVE_INFINITY): Cell[][] {
  const request = documentRequest(columns);
  if (typeof request.query === 'string') throw new Error('SQL');
  const maker = new RowMaker(request, request.query, 'reading');
  const reader = new DocumentReader(maker.root, 'reading', request.timezone);
  const rows: Cell[][] = [];
  const drain = () => {
    while (reader.next()) {
      try {
        const row = maker.row(reader);
        if (row !== undefined) rows.push(row);
      } catch (error) {
        throw reader.explain(error);
      }
    }
  };
  const bytes = Buffer.from(content);
  reader.begin('docs.ndjson');
  for (let at = 0; at < bytes.length; at += size) {
    reader.append(bytes.subarray(at, at + size));
    drain();
  }
  reader.finish();
  drain();
  return rows;
}

/** JSON as a tree that keeps the digits. */
type Tree = null | boolean | string | { readonly digits: string } | readonly Tree[] | Map<string, Tree>;

const digits = fc
  .stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,12})?([eE][+-]?\d{1,3})?$/)
  .map((text) => ({ digits: text }));
const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/[.$]/.test(text));
const { tree } = fc.letrec<{ tree: Tree; object: Map<string, Tree> }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary-ascii' }),
    digits,
    fc.array(tie('tree'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .uniqueArray(fc.tuple(name, tie('tree')), { selector: ([key]) => key, maxLength: 5 })
    .map((entries) => new Map(entries)),
}));
const document = fc
  .uniqueArray(fc.tuple(name, tree), { selector: ([key]) => key, minLength: 1, maxLength: 6 })
  .map((entries) => new Map(entries));

/** As text with white space and escapes that `pick` chooses; without it, compact. */
function spell(value: Tree, pick?: (choices: number) => number): string {
  const space = () => (pick === undefined ? '' : (['', '', ' ', '\n', '\r\n', '\t '][pick(6)] ?? ''));
  const text = (of: string) => {
    const plain = JSON.stringify(of);
    if (pick === undefined || pick(3) > 0) return plain;
    const escaped = [...Array(of.length).keys()].map(
      (index) => `\\u${of.charCodeAt(index).toString(16).padStart(4, '0')}`,
    );
    return pick(2) > 0 ? `"${escaped.join('')}"` : plain.replaceAll('/', '\\/');
  };
  if (typeof value === 'string') return text(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) {
    return `[${space()}${value.map((item: Tree) => space() + spell(item, pick) + space()).join(',')}]`;
  }
  if (value instanceof Map) {
    const members = [...value].map(
      ([key, item]) => `${space()}${text(key)}${space()}:${space()}${spell(item, pick)}${space()}`,
    );
    return `{${space()}${members.join(',')}}`;
  }
  return (value as { digits: string }).digits;
}

function pathsOf(map: ReadonlyMap<string, Tree>, above: readonly string[] = []): [string[], Tree][] {
  return [...map].flatMap(([key, value]): [string[], Tree][] => {
    const path = [...above, key];
    return [[path, value], ...(value instanceof Map ? pathsOf(value, path) : [])];
  });
}

const picks = fc.infiniteStream(fc.nat(1000)).map((stream) => (choices: number) => {
  const next = stream.next().value ?? 0;
  return next % choices;
});

describe('the scanner and JSON.parse', () => {
  test('find the same value at every path, digits as they stand', () => {
    fc.assert(
      fc.property(document, picks, fc.integer({ min: 1, max: 40 }), (map, pick, size) => {
        const text = spell(map, pick);
        // Is the model itself right?
        assert.deepEqual(JSON.parse(text), JSON.parse(spell(map)));
        const paths = pathsOf(map);
        const columns = Object.fromEntries(
          paths.map(([path], index) => [`c${index}`, ['json', path.join('.')] as const]),
        );
        const [row, ...more] = rowsOf(columns, text, size);
        assert.deepEqual(more, []);
        for (const [index, [path, value]] of paths.entries()) {
          const cell = row?.[index];
          if (value === null) assert.equal(cell, null);
          else if (value !== null && typeof value === 'object' && 'digits' in value) {
            // Alone, a number is written without its exponent.
            assert.equal(Number(cell), Number(value.digits), path.join('.'));
            if (!/e/i.test(value.digits)) assert.equal(cell, value.digits);
          } else assert.equal(cell, spell(value), path.join('.'));
        }
      }),
      { numRuns: runs(400) },
    );
  });

  test('read the same texts', () => {
    fc.assert(
      fc.property(document, picks, (map, pick) => {
        const texts = [...map].filter(([, value]) => typeof value === 'string');
        const columns = Object.fromEntries(
          texts.map(([key], index) => [`c${index}`, ['text', key] as const]),
        );
        assert.deepEqual(rowsOf(columns, spell(map, pick)), [texts.map(([, value]) => value)]);
      }),
      { numRuns: runs(300) },
    );
  });

  test('refuse the same texts', () => {
    let refused = 0;
    let accepted = 0;
    const mutation = fc.record({
      at: fc.nat(),
      remove: fc.integer({ min: 0, max: 2 }),
      insert: fc.constantFrom(...'{}[]",:0123456789.-+eE\\/utnrfalse \n\t\u0001é'.split(''), '', ''),
    });
    fc.assert(
      fc.property(document, picks, mutation, (map, pick, { at, remove, insert }) => {
        const whole = spell(map, pick);
        const place = at % (whole.length + 1);
        const text = whole.slice(0, place) + insert + whole.slice(place + remove);
        if (/\p{Surrogate}/u.test(text) || text.trim() === '') return;
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          refused += 1;
          assert.throws(() => rowsOf({ a: 'json' }, text), /source|reading/, text);
          return;
        }
        if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return;
        accepted += 1;
        try {
          assert.equal(rowsOf({ 'not there': 'json' }, text).length, 1, text);
        } catch (error) {
          // The one thing in which we are stricter.
          assert.match(String(error), /stands twice/);
        }
      }),
      { numRuns: runs(3000) },
    );
    assert.ok(refused > 500 && accepted > 100, `${refused} refused, ${accepted} accepted`);
  });
});

describe('chunks', () => {
  const columns: Columns = {
    _id: 'text',
    nome: ['text', 'organizacao.nome'],
    preco: 'decimal',
    ativo: 'boolean',
    itens: 'json',
    obs: 'text',
  };
  const lines = [
    '{"_id":{"$oid":"65f0a1b2c3d4e5f60718293a"},"organizacao":{"nome":"Açaí & Cia 𝄞"},"preco":-1.10e+2,"ativo":true}',
    '  {"preco" : 12345678901234567890.50 , "itens":[1, {"a" : "\\u00e9\\n\\"x\\""}, null, [ ] , { } ],"obs":"" }  ',
    '{"_id":null,"organizacao":null,"ativo":false,"obs":"\\\\"}',
  ];
  const expected = [
    ['65f0a1b2c3d4e5f60718293a', 'Açaí & Cia 𝄞', '-110', 'true', null, null],
    [null, null, '12345678901234567890.50', null, '[1,{"a":"é\\n\\"x\\""},null,[],{}]', ''],
    [null, null, null, 'false', null, '\\'],
  ];
  const files = {
    NDJSON: lines.join('\n'),
    'NDJSON with CRLF, blank lines and a mark': `\ufeff\r\n${lines.join('\r\n\r\n')}\r\n\n`,
    'one array': `[${lines.join(',')}]`,
    'an array on many lines': ` [\n${lines.join('\n,\n')}\n] \n`,
  };
  for (const [what, text] of Object.entries(files)) {
    test(`of 1, 2, 3, 7 and more bytes make the same rows: ${what}`, () => {
      for (const size of [1, 2, 3, 7, 50, 500])
        assert.deepEqual(rowsOf(columns, text, size), expected, `${size}`);
    });
  }

  test('cut at every byte make the same rows', () => {
    const bytes = Buffer.from(files['an array on many lines']);
    for (let at = 1; at < bytes.length; at += 1)
      assert.deepEqual(rowsOf(columns, bytes, at), expected, `${at}`);
  });

  test('end in the middle: whatever is missing at the end is missed', () => {
    for (const text of [files.NDJSON, files['one array']]) {
      const bytes = Buffer.from(text);
      for (let length = 1; length < bytes.length; length += 1) {
        const cut = bytes.subarray(0, length);
        const endsWhole =
          text === files.NDJSON && /^\s*$|[}]\s*$/.test(cut.toString()) && isWhole(cut.toString());
        if (endsWhole) assert.ok(rowsOf(columns, cut).length <= expected.length);
        else
          assert.throws(() => rowsOf(columns, cut), /the file ends in the middle|not UTF-8/, cut.toString());
      }
    }
  });

  test('a document in bytes that come one at a time is not tried again at each of them', () => {
    const long = `{"obs":"${'x'.repeat(200_000)}"}`;
    const started = performance.now();
    assert.equal(rowsOf({ obs: 'text' }, long, 16)[0]?.[0]?.length, 200_000);
    assert.ok(performance.now() - started < 30_000);
  });
});

function isWhole(text: string): boolean {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .every((line) => {
      try {
        JSON.parse(line);
        return true;
      } catch {
        return false;
      }
    });
}
