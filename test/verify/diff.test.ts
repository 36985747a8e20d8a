// Two files compared by key: whatever their dialects, orders and sizes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import type { Cell, Column } from '../../src/core/table.js';
import type { Manifest } from '../../src/publish/documents.js';
import { percentChange } from '../../src/rows/compare-decimals.js';
import type { Side } from '../../src/verify/diff/side.js';
import { type DiffOptions, diffFiles } from '../../src/verify/diff.js';
import { createWriter, type WriterOptions } from '../../src/writers/index.js';

const COLUMNS: readonly Column[] = [
  { name: 'quando', kind: 'timestamp' },
  { name: 'id', kind: 'integer' },
  { name: 'texto', kind: 'text', title: 'Texto; "livre"' },
  { name: 'valor', kind: 'decimal' },
  { name: 'dia', kind: 'date' },
  { name: 'visto', kind: 'timestamp' },
  { name: 'org', kind: 'text' },
  { name: 'ativo', kind: 'boolean' },
];

type Row = readonly [id: string, texto: Cell, valor: Cell, org?: Cell];

interface Made {
  readonly format?: string;
  readonly options?: WriterOptions;
  readonly columns?: readonly Column[];
  readonly quando?: string;
}

/** A published file with these rows. */
async function side(name: string, rows: readonly Row[], made: Made = {}): Promise<Side> {
  const { format = 'csv', options = {}, columns = COLUMNS, quando = `2024-10-05 01:00:00.5-03` } = made;
  const cells = rows.map(([id, texto, valor, org = 'ACME']): Cell[] => [
    quando,
    id,
    texto,
    valor,
    '2024-10-05',
    '2024-10-05 13:45:10.25-03',
    org,
    'true',
  ]);
  const writer = await createWriter(format, options, {});
  const chunks: Buffer[] = [];
  async function* batches() {
    if (cells.length > 0) yield { rowCount: cells.length, rows: () => cells };
  }
  for await (const chunk of writer.encode({ columns, batches: batches() })) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  const manifest = {
    key: name,
    report: 'r',
    format,
    dialect: options,
    compress: null,
    columns,
    rows: rows.length,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    totals: { valor: '0' },
    volatile: ['quando'],
    gates: [],
  } as unknown as Manifest;
  return {
    location: `/${name}`,
    manifest,
    async *download() {
      // In pieces that cut through rows and characters.
      for (let at = 0; at < bytes.length; at += 1013) yield bytes.subarray(at, at + 1013);
    },
  };
}

const OPTIONS = { key: ['id'], by: 'org', descending: [], signal: new AbortController().signal };

const BEFORE: readonly Row[] = [
  ['1', 'fica', '1.50'],
  ['2', 'muda', '10.00', 'Café & Cia'],
  ['3', null, '0.10'],
  ['9', 'vai', '-5.25', null],
  ['10', '=1+1', '12345678901234567890.01'],
];
const AFTER: readonly Row[] = [
  ['1', 'fica', '1.5'],
  ['2', 'mudou', '10.01', 'Café & Cia'],
  ['3', '', '0.10'],
  ['10', '=1+1', '12345678901234567890.01'],
  ['11', 'vem', '7'],
];

test('rows added, gone and changed, with the columns, the exact totals, and by organization', async () => {
  const found = await diffFiles(
    await side('a', BEFORE),
    await side('b', AFTER, { quando: '2024-10-06 00:00:00-03' }),
    OPTIONS,
  );
  assert.deepEqual([found.added, found.gone, found.changed, found.isSame], [1, 1, 2, false]);
  assert.deepEqual(found.changedColumns, { texto: 2, valor: 1 });
  assert.deepEqual(found.totals, {
    valor: {
      before: '12345678901234567896.36',
      after: '12345678901234567908.62',
      difference: '12.26',
      percent: '0.00',
    },
  });
  assert.deepEqual(
    found.groups?.map(({ value, rows, added, gone, changed, totals }) => [
      value,
      rows,
      added,
      gone,
      changed,
      totals.valor?.difference,
    ]),
    [
      ['ACME', { before: 3, after: 4 }, 1, 0, 1, '7.00'],
      [null, { before: 1, after: 0 }, 0, 1, 0, '5.25'],
      ['Café & Cia', { before: 1, after: 1 }, 0, 0, 1, '0.01'],
    ],
  );
  assert.deepEqual(found.examples.changed, [
    {
      key: { id: '2' },
      columns: { texto: { before: 'muda', after: 'mudou' }, valor: { before: '10.00', after: '10.01' } },
    },
    { key: { id: '3' }, columns: { texto: { before: null, after: '' } } },
  ]);
  assert.deepEqual(found.examples.gone[0]?.key, { id: '9' });
});

describe('the same rows are the same', { concurrency: 2 }, () => {
  const dialects: Readonly<Record<string, Made>> = {
    'pt-BR': { options: { locale: 'pt-BR' } },
    'Sim and Não': { options: { booleans: 'Sim/Não' } },
    'xlsx with Sim and Não': { format: 'xlsx', options: { booleans: 'Sim/Não' } },
    'tabs, a word for null': { options: { delimiter: '\\t', null: '\\N', quote: 'all' } },
    'formulas kept': { options: { formulas: 'keep' } },
    xlsx: { format: 'xlsx', options: { locale: 'pt-BR' } },
    pdf: { format: 'pdf', options: {} },
    'pdf with Sim and Não': { format: 'pdf', options: { locale: 'pt-BR' } },
  };
  for (const [name, made] of Object.entries(dialects)) {
    test(`as ${name}`, async () => {
      const [plain, other] = [await side('a', BEFORE), await side('b', BEFORE, made)];
      for (const pair of [
        [plain, other],
        [other, plain],
      ] as const) {
        const found = await diffFiles(...pair, OPTIONS);
        assert.deepEqual([found.isSame, found.examples], [true, { added: [], gone: [], changed: [] }]);
      }
    });
  }

  test('in another order: then both are sorted', async () => {
    const found = await diffFiles(await side('a', BEFORE), await side('b', BEFORE.toReversed()), OPTIONS);
    assert.equal(found.isSame, true);
  });

  test('in descending order, and without rows', async () => {
    const options = { ...OPTIONS, descending: [true] };
    const reversed = await side('a', BEFORE.toReversed());
    assert.equal((await diffFiles(reversed, reversed, options)).isSame, true);
    const [none, some] = [await side('a', []), await side('b', BEFORE)];
    assert.equal((await diffFiles(none, none, OPTIONS)).isSame, true);
    assert.equal((await diffFiles(none, some, OPTIONS)).added, 5);
    assert.equal((await diffFiles(some, none, OPTIONS)).gone, 5);
  });
});

test('any two sets of rows, in any order, as a map would compare them', async () => {
  let seed = 7;
  const random = (most: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % most;
  };
  for (let round = 0; round < 20; round++) {
    const made = () => {
      const ids = new Set(Array.from({ length: random(60) }, () => String(random(80) - 40)));
      return [...ids].map((id): Row => [id, random(2) === 0 ? null : 'x', `${random(3)}.${random(3)}`]);
    };
    const [before, after] = [made(), made()];
    const found = await diffFiles(await side('a', before), await side('b', after), OPTIONS);
    const [one, other] = [before, after].map(
      (rows) => new Map(rows.map((row) => [row[0], JSON.stringify(row)])),
    );
    const changed = before.filter(([id]) => other?.has(id) && other.get(id) !== one?.get(id)).length;
    const [gone, added] = [
      before.filter(([id]) => !other?.has(id)).length,
      after.filter(([id]) => !one?.has(id)).length,
    ];
    assert.deepEqual([found.added, found.gone, found.changed], [added, gone, changed]);
  }
});

test('columns that only one has are told, and make a difference', async () => {
  const more = await side('b', BEFORE, {
    columns: COLUMNS.map((column) => (column.name === 'texto' ? { ...column, name: 'nota' } : column)),
  });
  const found = await diffFiles(await side('a', BEFORE), more, OPTIONS);
  assert.deepEqual(
    [found.isSame, found.columns, found.changed],
    [false, { added: ['nota'], gone: ['texto'] }, 0],
  );
});

test('what cannot be compared is refused', async () => {
  const [a, b] = [await side('a', BEFORE), await side('b', AFTER)];
  const refused = (code: string, said: RegExp) => (error: unknown) =>
    error instanceof ReportError && error.code === code && said.test(error.message);
  const twice = await side('c', [...BEFORE, ['2', 'duas vezes', '1']]);
  await assert.rejects(diffFiles(a, twice, OPTIONS), refused('usage', /\/c has the key "2" twice/));
  await assert.rejects(
    diffFiles(a, b, { ...OPTIONS, key: ['idd'] }),
    refused('usage', /"idd" is not in both files/),
  );
  await assert.rejects(
    diffFiles(a, b, { ...OPTIONS, key: ['quando'] }),
    refused('usage', /"quando" differs at every read/),
  );
  const changed = { ...b, manifest: { ...b.manifest, sha256: '0'.repeat(64) } };
  await assert.rejects(
    diffFiles(a, changed, OPTIONS),
    refused('contract', /\/b is not what its manifest says: sha256/),
  );
});

test('with a tolerance, numbers of the same key that are no further apart are the same', async () => {
  const [a, b] = [await side('a', BEFORE), await side('b', AFTER)];
  const within = async (amount: string, isPercent = false) => {
    const { changed, changedColumns } = await diffFiles(a, b, {
      ...OPTIONS,
      tolerance: { amount, isPercent },
    });
    return [changed, changedColumns];
  };
  assert.deepEqual(await within('0.01'), [2, { texto: 2 }]);
  assert.deepEqual(await within('0.0099'), [2, { texto: 2, valor: 1 }]);
  assert.deepEqual(await within('0.1', true), [2, { texto: 2 }]);
  assert.deepEqual(await within('0.0999', true), [2, { texto: 2, valor: 1 }]);
});

test('files without a common key are compared by their sums, and so are those without a key at all', async () => {
  const [a, b] = [
    await side('a', [
      ['1', 'x', '10.00'],
      ['2', 'y', '0.30', 'Café'],
    ]),
    await side('b', [
      ['3', 'x', '9.90'],
      ['4', 'y', '0.30', 'Café'],
    ]),
  ];
  const compare = async (options: Partial<DiffOptions>) => {
    const { keysMeet, isSame, groups, added } = await diffFiles(a, b, { ...OPTIONS, ...options });
    return [keysMeet, isSame, groups?.map(({ value }) => value), added];
  };
  assert.deepEqual(await compare({}), [false, false, ['ACME'], 2]);
  assert.deepEqual(await compare({ tolerance: { amount: '1', isPercent: true } }), [false, true, [], 2]);
  assert.deepEqual(await compare({ tolerance: { amount: '0.99', isPercent: true } }), [
    false,
    false,
    ['ACME'],
    2,
  ]);
  assert.deepEqual(await compare({ onlySums: true, key: [] }), [null, false, ['ACME'], 2]);
  const again = await diffFiles(b, b, { ...OPTIONS, key: [], onlySums: true });
  assert.deepEqual([again.isSame, again.groups], [true, []]);
  // An empty file has no keys that could meet.
  const none = await diffFiles(await side('c', []), b, OPTIONS);
  assert.deepEqual([none.keysMeet, none.added], [true, 2]);
});

test('a percentage is exact before it is rounded, halves away from zero', () => {
  const cases: readonly [before: string, difference: string, percent: string | undefined][] = [
    ['3', '1', '33.33'],
    ['-3', '1', '33.33'],
    ['3', '-2', '-66.67'],
    ['20000', '1', '0.01'],
    ['20000', '-1', '-0.01'],
    ['20001', '-1', '0.00'],
    ['12345678901234567890.01', '12345678901234567890.01', '100.00'],
    ['0.00', '5', undefined],
    ['NaN', '5', undefined],
    ['5', 'Infinity', undefined],
  ];
  for (const [before, difference, percent] of cases)
    assert.equal(percentChange(before, difference), percent, `${difference} of ${before}`);
});
