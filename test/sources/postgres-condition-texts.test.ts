// Which texts a list of values selects in a real PostgreSQL.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { literalText } from '../../src/filters/text-values.js';
import { anyText } from '../support/any-text.js';
import { type FilterBench, startFilterBench } from '../support/filter-bench.js';
import { runs } from '../support/runs.js';

let bench: FilterBench;

before(async () => {
  bench = await startFilterBench();
});

after(() => bench?.stop());

/** PostgreSQL's internal name of a type that SQL writes like this. */
function internal(type: string): string {
  return type.replace(/\(.*/, '').replace(/^char$/, 'bpchar');
}

const quotedText = fc
  .oneof(
    anyText(),
    fc
      .array(
        fc.constantFrom("'", "''", '\\', "\\'", '\n', '\r', '"', '$$', ' ', '--', '%', 'é', 'e\u0301', '😀'),
      )
      .map((a) => a.join('')),
  )
  .map((text) => text.replaceAll('\0', ''));

for (const type of ['text', 'varchar']) {
  test(`any ${type} is found by itself and by nothing else`, async () => {
    await fc.assert(
      fc.asyncProperty(quotedText, quotedText, quotedText, async (one, two, three) => {
        const relation = `(VALUES ($1::${type}), ($2), ($3), ('x'), (NULL)) AS t(v)`;
        const wanted = [one, two];
        const found = await bench.select(
          relation,
          bench.condition('product', wanted.map(literalText), type),
          [one, two, three],
        );
        assert.deepEqual(found.sort(), [one, two, three, 'x'].filter((text) => wanted.includes(text)).sort());
      }),
      { numRuns: runs(300) },
    );
  });
}

test('every other type compares as its column does', async () => {
  await bench.client.query(`CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('Bom', 'it''s')`);
  const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
  const long = 'n'.repeat(63);
  const cases: readonly (readonly [
    type: string,
    stored: readonly string[],
    values: string[],
    found: string[],
  ])[] = [
    ['text', ['', ' ', 'a', 'A', 'a '], ['', 'a'], ['', 'a']],
    ['varchar(3)', ['abc', 'ab'], ['abcd', 'ab'], ['ab']],
    ['char(3)', ['abc', 'ab'], ['abcd', 'ab '], ['ab']],
    ['bpchar', ['ab', 'ab   ', ' ab', 'AB'], ['ab '], ['ab', 'ab']],
    ['name', [long, 'a', ''], [`${long}n`, 'a'], ['a']],
    ['citext', ['ACME', 'acme', 'ácme', 'b'], ['Acme', "'"], ['ACME', 'acme']],
    ['uuid', [uuid, uuid.replace('a', 'b')], [uuid.toUpperCase().replaceAll('-', '')], [uuid]],
    ['int4', ['7', '-7', '70'], ['007', '+70'], ['7', '70']],
    ['int8', ['9007199254740992', '9007199254740993'], ['9007199254740993'], ['9007199254740993']],
    ['numeric', ['10.00', '10.01', 'NaN'], ['10'], ['10.00']],
    ['mood', ['Bom', "it's"], ["it's", 'bom', 'no such label'], ["it's"]],
    ['bool', ['true', 'false'], ['true', 't'], ['true']],
  ];
  for (const [type, stored, values, found] of cases) {
    const relation = `(SELECT t::text::${type} AS v FROM unnest($1::text[]) t) AS t`;
    const selected = await bench.select(relation, bench.condition('organization', values, internal(type)), [
      [...stored, null],
    ]);
    assert.deepEqual(selected.sort(), found, type);
  }
});

test('an index on the column serves every type whose literal is cast', async () => {
  for (const type of ['text', 'varchar', 'bpchar', 'int4', 'numeric'])
    assert.match(await bench.plan('product', ['42'], type), /Index Cond/, type);
  const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
  assert.match(await bench.plan('product', [uuid], 'uuid'), /Index Cond/);
});

test('a part is found without case and accents, and ! selects the other values, but not null', async () => {
  await bench.client.query(`CREATE TYPE humor AS ENUM ('Bom', 'Péssimo')`);
  const texts = ['São João', 'SA\u0303O JOA\u0303O', 'sao.joao', 'x', '', '😀.', 'ŁØ', '***x'];
  const cases: readonly (readonly [
    type: string,
    stored: readonly string[],
    values: string[],
    found: string[],
  ])[] = [
    ['text', texts, ['~sao joao'], texts.slice(0, 2)],
    ['varchar', texts, ['~O jÔ'], texts.slice(0, 2)],
    ['text', texts, ['~.'], ['sao.joao', '😀.']],
    ['text', texts, ['~***'], ['***x']],
    ['text', texts, ['~😀'], ['😀.']],
    ['text', texts, ['~lo'], ['ŁØ']],
    ['text', texts, ['!~a'], texts.slice(3)],
    ['text', texts, ['x', '~lo', '!~ŁØ'], ['x']],
    ['text', texts, ['!x', '!'], texts.filter((text) => text !== 'x' && text !== '')],
    ['char(9)', ['São', 'x'], ['~sao'], ['São']],
    ['name', ['São', 'x'], ['~sao'], ['São']],
    ['citext', ['São', 'x'], ['~sao', '!X'], ['São']],
    ['humor', ['Bom', 'Péssimo'], ['~PES'], ['Péssimo']],
    ['humor', ['Bom', 'Péssimo'], ['!Bom'], ['Péssimo']],
    ['int4', ['7', '8'], ['!7'], ['8']],
    ['numeric', ['7.0', '8', 'NaN'], ['!7'], ['8', 'NaN']],
  ];
  for (const [type, stored, values, found] of cases) {
    const relation = `(SELECT t::text::${type} AS v FROM unnest($1::text[]) t) AS t`;
    const condition = bench.condition('organization', values, internal(type));
    assert.deepEqual(
      (await bench.select(relation, condition, [[...stored, null]])).sort(),
      found.toSorted(),
      `${type} ${values}`,
    );
  }
  for (const type of ['int4', 'numeric', 'uuid'])
    assert.throws(() => bench.condition('organization', ['~7'], type), /is of type \w+$/);
});
