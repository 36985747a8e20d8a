// Rows that are written from byte to byte, held against the same rows by way of Values: same cells, errors and notes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { messageOf } from '../../src/core/errors.js';
import type { Dimension } from '../../src/core/filter.js';
import type { Request } from '../../src/core/source.js';
import { type Cell, type EncodedRows, KINDS, type Kind } from '../../src/core/table.js';
import { parseFilter } from '../../src/filters/index.js';
import { CopyText } from '../../src/rows/encoded-rows.js';
import { BatchMaker } from '../../src/sources/json/batches.js';
import { VERDICT } from '../../src/sources/json/matching.js';
import { DocumentReader } from '../../src/sources/json/reader.js';
import { RowMaker } from '../../src/sources/json/rows.js';
import { documentRequest } from '../support/json.js';
import { runs } from '../support/runs.js';

const context = { timezone: 'America/Sao_Paulo', today: '2026-03-10' };

interface Outcome {
  readonly rows: readonly (readonly Cell[])[];
  readonly error: string | undefined;
  readonly notes: readonly string[];
}

function rowsOf(encoded: EncodedRows): readonly (readonly Cell[])[] {
  return new CopyText(encoded, 1).rows();
}

function outcomeOf(request: Request, content: string, size: number, isQuick: boolean): Outcome {
  if (typeof request.query === 'string') throw new Error('SQL');
  const maker = new RowMaker(request, request.query, 'reading');
  const reader = new DocumentReader(maker.root, 'reading', request.timezone);
  const batches = new BatchMaker(maker, request.timezone);
  const rows: (readonly Cell[])[] = [];
  let error: string | undefined;
  const drain = () => {
    while (reader.next()) {
      if (isQuick) {
        if (batches.add(reader)) rows.push(...rowsOf(batches.take()));
        continue;
      }
      const row = maker.row(reader);
      if (row !== undefined) rows.push(row);
    }
  };
  try {
    reader.begin('docs.ndjson');
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; at += size) {
      reader.append(bytes.subarray(at, at + size));
      drain();
    }
    reader.finish();
    drain();
  } catch (thrown) {
    error = messageOf(reader.explain(thrown));
  }
  return { rows, error, notes: maker.notes() };
}

function assertSame(request: Request, content: string, size = Number.POSITIVE_INFINITY): Outcome {
  const expected = outcomeOf(request, content, size, false);
  assert.deepEqual(outcomeOf(request, content, size, true), expected, content);
  return expected;
}

const two = (value: number) => String(value).padStart(2, '0');
const iso = fc
  .tuple(
    fc.constantFrom('2024', '1900', '2000', '0099', '0100', '9999', '2018'),
    fc.integer({ min: 0, max: 13 }).map(two),
    fc.integer({ min: 0, max: 32 }).map(two),
    fc.constantFrom('T', ' ', 't'),
    fc.integer({ min: 0, max: 24 }).map(two),
    fc.constantFrom('00', '59', '60'),
    fc.constantFrom('', ':00', ':59', ':60', ':07.3', ':07.30', ':07.300', ':07.123456', ':07.'),
    fc.constantFrom('Z', '', '+00:00', '-03:00', '+05:30', '+0530', '-03', '+16:00', '-15:59', 'z', 'Zz'),
  )
  .map(
    ([year, month, day, between, ...clock]) =>
      `${year}-${month}-${day}${between}${clock[0]}:${clock.slice(1).join('')}`,
  );
const day = iso.map((text) => text.slice(0, 10));
/** Around the days on which clocks in São Paulo changed, at midnight. */
const changing = fc
  .integer({ min: Date.UTC(2018, 10, 3), max: Date.UTC(2018, 10, 5) })
  .map((milliseconds) => new Date(milliseconds).toISOString());
const digits = fc.oneof(
  fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,9})?([eE][+-]?\d{1,2})?$/),
  fc.constantFrom(
    '0',
    '-0',
    '-0.0',
    '5',
    '5.00',
    '0.0001',
    '0.00001',
    '-0.00005',
    '7',
    '10',
    '1e3',
    '999999999999999',
  ),
);
const oid = fc.stringMatching(/^[0-9a-fA-F]{23,25}$/);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
  fc.constantFrom('ACME', 'Organização 7', '7', '507f1f77bcf86cd799439011', 'a\\N', '\\N', ''),
);
const quoted = fc.oneof(
  text.map((of) => JSON.stringify(of)),
  // Escapes that nobody needs, and half a character.
  fc.constantFrom('"ACM\\u0045"', '"\\/"', '"\\ud83d"', '"\\u0000"', '"a\\tb"'),
);
const extended = fc
  .tuple(
    fc.oneof(
      fc.tuple(
        fc.constantFrom('$numberInt', '$numberLong', '$numberDouble', '$numberDecimal'),
        fc.oneof(
          digits,
          fc.constantFrom('007', 'NaN', 'Infinity', '', '+5', '.5', '5.', '1.0', '123456789012345678901'),
        ),
      ),
      fc.tuple(fc.constantFrom('$oid', '$uuid', '$numberInt'), oid),
      fc.tuple(
        fc.constantFrom('$date', '$oid', '$dates', '$number', '$numberLonger', '$numberDecimaX'),
        fc.oneof(iso, changing),
      ),
    ),
    fc.constantFrom(':', ': ', ' :', ':\t'),
    fc.constantFrom('', ' ', ',"a":1', ',"$oid":"a"'),
  )
  .map(([[name, of], colon, more]) => `{"${name}"${colon}"${of}"${more}}`);
const canonical = fc
  .tuple(
    fc.constantFrom('$numberLong', '$numberInt', '$date'),
    fc.oneof(digits, fc.constantFrom('1704067200000', '-1')),
  )
  .map(([name, of]) => `{"$date":{"${name}":"${of}"}}`);
const leaf = fc.oneof(
  { weight: 2, arbitrary: quoted },
  { weight: 2, arbitrary: digits },
  { weight: 2, arbitrary: extended },
  fc.oneof(iso, day, changing).map((of) => `"${of}"`),
  changing.map((of) => `{"$date":"${of}"}`),
  canonical,
  fc.constantFrom(
    'null',
    'true',
    'false',
    '[]',
    '{}',
    '["ACME",7]',
    '[{"n":"ACME"}]',
    '{"b": [1, 2]}',
    '{"$undefined":true}',
  ),
);
const member = (name: string) =>
  fc.option(leaf, { nil: undefined, freq: 6 }).map((of) => (of === undefined ? [] : [`"${name}":${of}`]));
const object = (...names: string[]) =>
  fc
    .tuple(fc.array(fc.constantFrom(...names), { maxLength: 0 }), ...names.map(member))
    .map(([, ...members]) => `{${members.flat().join(',')}}`);
const document = fc
  .tuple(
    member('_id'),
    member('x'),
    member('ção'),
    fc.oneof(
      object('n', 'm').map((of) => [`"o":${of}`]),
      member('o'),
    ),
    fc.constantFrom<string[]>([], ['"extra":[1,{"a":"}"}]'], ['"x":1'], ['"extra" : "\\""']),
    fc.boolean(),
  )
  .map(([id, x, accented, o, more, isTurned]) => {
    const members = [...id, ...x, ...accented, ...o, ...more];
    return `{${(isTurned ? members.reverse() : members).join(',')}}`;
  });
/** Sometimes with a byte too many or too few. */
const content = fc
  .tuple(
    fc.array(document, { minLength: 1, maxLength: 6 }),
    fc.option(fc.nat(400), { freq: 4 }),
    fc.constantFrom('', '"', ',', '\u0001', '}'),
  )
  .map(([documents, at, wrong]) => {
    const whole = documents.join('\n');
    return at === null ? whole : whole.slice(0, at) + wrong + whole.slice(at + 1);
  });

const filter = fc
  .constantFrom<readonly [Dimension, string]>(
    ['organization', 'ACME'],
    ['organization', 'Organização 7'],
    ['organization', '507f1f77bcf86cd799439011'],
    ['product', '7'],
    ['quantity', '7..'],
    ['quantity', '-0..0.0001'],
    ['price', '..123456789012345.6'],
    ['price', '5'],
    ['date', '2018-11-04'],
    ['date', '2018-11-03..2024-02'],
    ['date', '..2000'],
  )
  .chain(([dimension, value]) =>
    fc.record({
      dimension: fc.constant(dimension),
      filter: fc.constant(parseFilter(dimension, [value], context)),
      column: fc.constantFrom('x', 'o.n', 'o', 'ção'),
      kind: fc.constantFrom<Kind>('timestamp', 'date'),
    }),
  );

const request = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.constantFrom('x', '_id', 'ção', 'o', 'o.n', 'o.0.n')), {
      minLength: 1,
      maxLength: 5,
    }),
    fc.uniqueArray(filter, { maxLength: 2, selector: ({ dimension }) => dimension }),
    fc.constantFrom<'fail' | 'null'>('fail', 'null', 'null'),
  )
  .map(([columns, filters, onMismatch]) =>
    documentRequest(Object.fromEntries(columns.map((column, index) => [`c${index}`, column])), {
      filters,
      fields: Object.fromEntries(
        filters.map(({ dimension, kind }) => [dimension, { kind, stored: undefined }]),
      ),
      onMismatch,
    }),
  );

describe('rows from byte to byte', () => {
  test('are the rows by way of Values, with the same errors and notes, wherever chunks are cut', () => {
    fc.assert(
      fc.property(request, content, fc.integer({ min: 1, max: 80 }), (asked, documents, size) => {
        assertSame(asked, documents, size);
      }),
      { numRuns: runs(2000) },
    );
  });

  test('of each value alone, as each kind', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), leaf, (kind, value) => {
        assertSame(documentRequest({ x: kind }, { onMismatch: 'null' }), `{"x":${value}}`);
      }),
      { numRuns: runs(2000) },
    );
  });

  test('of each value alone, tested by each filter', () => {
    fc.assert(
      fc.property(filter, leaf, (asked, value) => {
        const fields = { [asked.dimension]: { kind: asked.kind, stored: undefined } };
        assertSame(
          documentRequest({ x: 'json' }, { filters: [{ ...asked, column: 'x' }], fields }),
          `{"x":${value}}`,
        );
      }),
      { numRuns: runs(2000) },
    );
  });

  const common: readonly (readonly [Kind, string, string | null])[] = [
    ['text', '"Organização 7"', 'Organização 7'],
    ['text', '{"$oid":"507f1f77bcf86cd799439011"}', '507f1f77bcf86cd799439011'],
    ['integer', '7', '7'],
    ['decimal', '-1.10', '-1.10'],
    ['decimal', '{"$numberDecimal":"12.50"}', '12.50'],
    ['decimal', '{"$numberDouble":"0.37"}', '0.37'],
    ['integer', '{"$numberLong":"9223372036854775807"}', '9223372036854775807'],
    ['timestamp', '{"$date":"2024-01-01T00:00:07.300Z"}', '2023-12-31 21:00:07.3-03'],
    ['timestamp', '{"$date":{"$numberLong":"1704067207300"}}', '2023-12-31 21:00:07.3-03'],
    ['date', '"2024-02-29"', '2024-02-29'],
    ['boolean', 'true', 'true'],
    ['text', 'null', null],
  ];
  for (const [kind, value, cell] of common) {
    test(`${value} as ${kind} takes no Value`, () => {
      const asked = documentRequest({ x: kind });
      if (typeof asked.query === 'string') throw new Error('SQL');
      const maker = new RowMaker(asked, asked.query, 'reading');
      maker.cell = () => assert.fail('it asked for a Value');
      const reader = new DocumentReader(maker.root, 'reading', asked.timezone);
      const batches = new BatchMaker(maker, asked.timezone);
      reader.begin('docs.ndjson');
      reader.append(Buffer.from(`{"x":${value}}\n`));
      assert.ok(reader.next());
      assert.ok(batches.add(reader));
      assert.deepEqual(rowsOf(batches.take()), [[cell]]);
    });
  }

  test('common values are tested without a Value', () => {
    const quick: readonly (readonly [Dimension, string, string])[] = [
      ['organization', 'ACME', '"ACME"'],
      ['quantity', '7..', '7.5'],
      ['date', '2024-01', '{"$date":"2024-01-15T00:00:00Z"}'],
      ['date', '2024-01', '"2024-01-15"'],
    ];
    for (const [dimension, asked, value] of quick) {
      const filters = [{ filter: parseFilter(dimension, [asked], context), column: 'x' }];
      const { query, ...more } = documentRequest({ x: 'text' }, { filters });
      if (typeof query === 'string') throw new Error('SQL');
      const maker = new RowMaker(more, query, 'reading');
      const reader = new DocumentReader(maker.root, 'reading', more.timezone);
      reader.begin('docs.ndjson');
      reader.append(Buffer.from(`{"x":${value}}\n`));
      assert.ok(reader.next());
      const [only] = maker.tests;
      assert.ok(only);
      assert.equal(only.quick(reader.scanner, only.field.start, only.field.end), VERDICT.passes, value);
    }
  });
});
