// A published file against its manifest and its run record: nothing that was changed goes unseen.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { ReportError } from '../../src/core/errors.js';
import type { Cell, Column } from '../../src/core/table.js';
import type { Manifest, RunRecord } from '../../src/publish/documents.js';
import { manifestKey } from '../../src/publish/manifest.js';
import { RowCounter } from '../../src/rows/counters.js';
import { spellDifference } from '../../src/verify/differences.js';
import { type Verified, type VerifyOptions, verifyFile } from '../../src/verify/verify.js';
import { createWriter, type WriterOptions } from '../../src/writers/index.js';
import { cellBatch } from '../support/copy-text.js';
import { type MemoryStore, memoryStore } from '../support/memory-destination.js';

const COLUMNS: readonly Column[] = [
  { name: 'nome', kind: 'text', title: 'Nome' },
  { name: 'valor', kind: 'decimal' },
];
const ROWS: readonly Cell[][] = [
  ['a', '1.50'],
  ['', null],
  [null, '-0.25'],
  ['"=1\n', '2'],
];
const KEY = 'relatorios/r_20241005.csv';
const RECORD_KEY = '_reportctl/vendas/20241005.json';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface Made {
  readonly store: MemoryStore;
  readonly bytes: Buffer;
  readonly manifest: Manifest;
}

/** A file as a run publishes it, with its manifest and its run record. */
async function published(
  options: { dialect?: WriterOptions; compress?: 'gzip'; key?: string } = {},
  changes: Partial<Manifest> = {},
): Promise<Made> {
  const { dialect = {}, compress, key = KEY } = options;
  const writer = await createWriter('csv', dialect);
  const counter = new RowCounter(COLUMNS, ['valor']);
  async function* batches() {
    const batch = cellBatch(ROWS);
    counter.add(batch);
    yield batch;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns: COLUMNS, batches: batches() }))
    chunks.push(Buffer.from(chunk));
  const plain = Buffer.concat(chunks);
  const bytes = compress === undefined ? plain : zlib.gzipSync(plain);
  const manifest: Manifest = {
    manifest: 1,
    report: 'vendas',
    key,
    contentType: writer.contentType,
    format: 'csv',
    dialect: { ...dialect },
    compress: compress ?? null,
    rows: counter.rows,
    bytes: bytes.length,
    sha256: sha256(bytes),
    content: sha256(Buffer.from('content')),
    totals: counter.totals(),
    nulls: counter.nulls(),
    neutralised: writer.neutralised,
    notes: [],
    period: {
      kind: 'day',
      from: '2024-10-05',
      to: '2024-10-06',
      lastDay: '2024-10-05',
      timezone: 'America/Sao_Paulo',
    },
    filters: {},
    params: {},
    columns: COLUMNS,
    volatile: [],
    timezone: 'America/Sao_Paulo',
    sources: ['vendas'],
    gates: [],
    definition: sha256(Buffer.from('definition')),
    revision: 1,
    encryption: null,
    etag: null,
    version: '1',
    parts: null,
    checksum: null,
    token: 'token',
    tool: 'reportctl 0.0.0',
    started: '2024-10-06T04:00:00.000Z',
    finished: '2024-10-06T04:00:01.000Z',
    ...changes,
  };
  const store = memoryStore();
  store.put(key, bytes);
  store.put(manifestKey(key), JSON.stringify(manifest));
  if (manifest.period !== null) store.put(RECORD_KEY, JSON.stringify(recordOf(manifest)));
  return { store, bytes, manifest };
}

function recordOf({ key, rows, bytes, sha256: hash, ...rest }: Manifest): RunRecord {
  const { report, definition, revision, totals, token, tool, started, finished } = rest;
  const period = rest.period ?? assert.fail('no period');
  const outputs = [{ key, rows, bytes, sha256: hash }];
  const content = rest.content ?? '';
  return {
    record: 1,
    ...{ report, period, definition, revision, rows, totals, content },
    ...{ outputs, token, tool, started, finished },
  };
}

/** The store stands for every root: which one was asked for is what the prefix tells. */
async function verify(
  { store }: Pick<Made, 'store'>,
  key = KEY,
  more: Partial<VerifyOptions> & { root?: string } = {},
): Promise<Verified> {
  const { root = 'memory', ...options } = more;
  const listings = { find: async () => undefined };
  return verifyFile({ root, key }, { open: async () => store.open(), listings, ...options });
}

const said = ({ differences }: Verified) => differences.map(spellDifference);

describe('what is as it was published', () => {
  const dialects: readonly WriterOptions[] = [
    {},
    { locale: 'pt-BR' },
    { null: 'NULL', quote: 'all' },
    { delimiter: '\\t', eol: 'crlf', formulas: 'keep' },
  ];
  for (const dialect of dialects) {
    for (const compress of [undefined, 'gzip'] as const) {
      test(`${JSON.stringify(dialect)} ${compress ?? 'plain'}`, async () => {
        const made = await published({ dialect, ...(compress && { compress }) });
        assert.deepEqual(made.manifest.totals, { valor: '3.25' });
        assert.deepEqual(made.manifest.nulls, { nome: 1, valor: 1 });
        assert.deepEqual(await verify(made), {
          location: `memory/${KEY}`,
          standing: 'current',
          report: 'vendas',
          period: made.manifest.period,
          revision: 1,
          rows: 4,
          bytes: made.bytes.length,
          sha256: sha256(made.bytes),
          differences: [],
        });
      });
    }
  }
});

describe('tampering', () => {
  for (const compress of [undefined, 'gzip'] as const) {
    test(`with any one byte is found (${compress ?? 'plain'})`, async () => {
      const made = await published({ dialect: { locale: 'pt-BR' }, ...(compress && { compress }) });
      for (let at = 0; at < made.bytes.length; at++) {
        const bytes = Buffer.from(made.bytes);
        bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
        made.store.put(KEY, bytes);
        const { differences } = await verify(made);
        assert.ok(
          differences.some(({ what }) => what === 'sha256'),
          `byte ${at}`,
        );
      }
    });

    test(`with the length is found (${compress ?? 'plain'})`, async () => {
      const made = await published(compress && { compress });
      for (const bytes of [
        made.bytes.subarray(0, -1),
        Buffer.concat([made.bytes, Buffer.from('\n')]),
        Buffer.alloc(0),
      ]) {
        made.store.put(KEY, bytes);
        const { differences } = await verify(made);
        const found = differences.map(({ what }) => what);
        assert.deepEqual(found.slice(0, 2), ['bytes', 'sha256']);
        assert.deepEqual(differences[0], {
          what: 'bytes',
          expected: String(made.bytes.length),
          found: String(bytes.length),
        });
      }
    });
  }

  /** With a manifest and a record that were made to agree with the changed bytes. */
  const forged: readonly [what: string, change: (text: string) => string, said: readonly string[]][] = [
    ['a digit', (text) => text.replace('1.50', '1.51'), ['total valor: expected 3.25, found 3.26']],
    [
      'a row gone',
      (text) => text.replace('a,1.50\n', ''),
      ['rows: expected 4, found 3', 'total valor: expected 3.25, found 1.75'],
    ],
    ['null to the empty text', (text) => text.replace('\n,-', '\n"",-'), ['nulls nome: expected 1, found 0']],
    ['the empty text to null', (text) => text.replace('"",', ','), ['nulls nome: expected 1, found 2']],
    [
      'the header',
      (text) => text.replace('Nome', 'nome'),
      ['header: expected ["Nome","valor"], found ["nome","valor"]'],
    ],
    ['no number', (text) => text.replace('1.50', 'muito'), ['total valor: expected 3.25, found NaN']],
    [
      'a cell too many',
      (text) => text.replace('1.50', '1.50,'),
      ['content: expected csv as the manifest describes it, found row 1 has 3 cells for 2 columns'],
    ],
    [
      'another dialect',
      (text) => text.replaceAll('\n', '\r\n'),
      [
        'content: expected csv as the manifest describes it, found the header has "\\r" where cell 2 should have ended',
      ],
    ],
  ];
  for (const [what, change, expected] of forged) {
    test(`is found in the content though the hashes were forged: ${what}`, async () => {
      const original = await published();
      const bytes = Buffer.from(change(original.bytes.toString()));
      assert.notDeepEqual(bytes, original.bytes);
      const made = await published({}, { bytes: bytes.length, sha256: sha256(bytes) });
      made.store.put(KEY, bytes);
      assert.deepEqual(said(await verify(made)), expected);
    });
  }

  test('a manifest that was changed with its file is not the one that was published', async () => {
    const made = await published();
    const bytes = Buffer.from(made.bytes.toString().replace('a,1.50\n', ''));
    made.store.put(KEY, bytes);
    const manifest = { ...made.manifest, rows: 3, bytes: bytes.length, sha256: sha256(bytes) };
    made.store.put(manifestKey(KEY), JSON.stringify({ ...manifest, totals: { valor: '1.75' } }));
    assert.deepEqual(said(await verify(made)), [
      `sha256 of the run record: expected ${made.manifest.sha256}, found ${sha256(bytes)}`,
      `bytes of the run record: expected ${made.bytes.length}, found ${bytes.length}`,
      'rows of the run record: expected 4, found 3',
    ]);
  });
});

describe('a manifest alone does not mean published:', () => {
  test('no run record', async () => {
    const made = await published();
    made.store.remove(RECORD_KEY);
    assert.deepEqual(said(await verify(made)), [
      `not published: expected the run record ${RECORD_KEY}, found none`,
    ]);
  });

  test('a run record of other files, of none, and one that cannot be read', async () => {
    const made = await published();
    const record = recordOf(made.manifest);
    const cases: readonly [content: string, found: string][] = [
      [
        JSON.stringify({ ...record, outputs: [{ ...record.outputs[0], key: 'x.csv' }] }),
        `${KEY} in ${RECORD_KEY}, found x.csv`,
      ],
      [JSON.stringify({ ...record, outputs: [] }), `${KEY} in ${RECORD_KEY}, found no file`],
      [
        '{',
        `a run record that can be read, found the run record ${RECORD_KEY} cannot be read: it is no JSON`,
      ],
    ];
    for (const [content, found] of cases) {
      made.store.put(RECORD_KEY, content);
      assert.deepEqual(said(await verify(made)), [`not published: expected ${found}`]);
    }
  });

  test('a copy elsewhere, which nothing says is published', async () => {
    const made = await published();
    made.store.put('copia.csv', made.bytes);
    made.store.put('copia.csv.manifest.json', JSON.stringify(made.manifest));
    const verified = await verify(made, 'copia.csv');
    assert.equal(verified.standing, 'moved');
    assert.deepEqual(said(verified), [
      `not published: expected ${KEY} at its destination, beside its run record, found a copy elsewhere, for which only its own manifest speaks`,
    ]);
  });

  test('an ad-hoc export has no record and needs none, wherever it is', async () => {
    const made = await published({}, { period: null, content: null });
    assert.equal(made.store.get(RECORD_KEY), undefined);
    const verified = await verify(made, KEY, { root: 'elsewhere' });
    assert.deepEqual([verified.standing, verified.differences], ['export', []]);
  });

  test('what a gate refused needs none either, and is never called published', async () => {
    const made = await published({ key: `_quarantine/${KEY}` });
    made.store.remove(RECORD_KEY);
    const verified = await verify(made, `_quarantine/${KEY}`);
    assert.deepEqual([verified.standing, verified.differences], ['refused', []]);
  });

  test('what was replaced is held against the record that was replaced with it', async () => {
    const made = await published();
    const folder = '_reportctl/vendas/history/20241005/r1';
    for (const key of [KEY, manifestKey(KEY)]) {
      made.store.put(`${folder}/${key}`, made.store.get(key) ?? '');
    }
    const roots: string[] = [];
    const open = async (root: string) => {
      roots.push(root);
      return made.store.open();
    };
    made.store.put('record.json', JSON.stringify(recordOf(made.manifest)));
    made.store.remove(RECORD_KEY);
    const verified = await verify(made, `${folder}/${KEY}`, { open });
    assert.deepEqual([verified.standing, verified.differences], ['former', []]);
    assert.deepEqual(roots, ['memory', `memory/${folder}`]);
  });

  test('the record is looked for where the manifest says that the destination begins', async () => {
    const made = await published();
    made.store.put('r_20241005.csv', made.bytes);
    made.store.put('r_20241005.csv.manifest.json', JSON.stringify(made.manifest));
    const roots: string[] = [];
    const open = async (root: string) => {
      roots.push(root);
      return made.store.open();
    };
    const verified = await verify(made, 'r_20241005.csv', { open, root: 's3://bucket/out/relatorios' });
    assert.deepEqual(verified.differences, []);
    assert.deepEqual(roots, ['s3://bucket/out/relatorios', 's3://bucket/out']);
  });
});

describe('what cannot be verified is told, and is no success:', () => {
  test('no file, no manifest, neither', async () => {
    const made = await published();
    made.store.remove(KEY);
    assert.deepEqual(said(await verify(made)), [`file: expected ${KEY}, found none`]);
    made.store.remove(manifestKey(KEY));
    assert.deepEqual(said(await verify(made)), [
      `file: expected ${KEY}, found none`,
      `manifest: expected ${manifestKey(KEY)}, found none`,
    ]);
    made.store.put(KEY, made.bytes);
    assert.deepEqual(said(await verify(made)), [`manifest: expected ${manifestKey(KEY)}, found none`]);
  });

  test('a manifest that is none, or of a later version', async () => {
    const made = await published();
    made.store.put(manifestKey(KEY), '{"rows":1}');
    assert.match(
      said(await verify(made)).join(),
      /^manifest: expected one that can be read, found the manifest/,
    );
    made.store.put(manifestKey(KEY), JSON.stringify({ ...made.manifest, manifest: 2 }));
    assert.match(said(await verify(made)).join(), /has version 2; this reportctl reads version 1$/);
  });

  test('a format, and a compression, that cannot be read back; the hash is compared all the same', async () => {
    const made = await published({}, { format: 'parquet' });
    assert.deepEqual(said(await verify(made)), [
      'content: expected parquet as the manifest describes it, found reportctl cannot read parquet back',
    ]);
    const packed = await published({}, { compress: 'brotli' });
    packed.store.put(KEY, Buffer.concat([packed.bytes, Buffer.from('x')]));
    const [bytes, hash, content] = said(await verify(packed));
    assert.match(bytes ?? '', /^bytes: /);
    assert.match(hash ?? '', /^sha256: /);
    assert.match(content ?? '', /found Node \S+ cannot decompress brotli$/);
  });

  test('gzip that is none, or is cut off', async () => {
    const made = await published({}, { compress: 'gzip' });
    assert.match(
      said(await verify(made)).join(),
      /^content: .* found it cannot be decompressed \(gzip\): incorrect/,
    );
    const cut = await published({ compress: 'gzip' });
    cut.store.put(KEY, cut.bytes.subarray(0, -4));
    assert.match(
      said(await verify(cut)).join(),
      /content: .* cannot be decompressed \(gzip\): unexpected end/,
    );
  });

  test('zstd, where this Node has it', {
    skip: !('zstdCompressSync' in zlib) && 'Node 22.15 brought zstd',
  }, async () => {
    const { zstdCompressSync } = zlib as unknown as { zstdCompressSync: (bytes: Buffer) => Buffer };
    const plain = await published();
    const bytes = zstdCompressSync(plain.bytes);
    const made = await published({}, { compress: 'zstd', bytes: bytes.length, sha256: sha256(bytes) });
    made.store.put(KEY, bytes);
    assert.deepEqual(said(await verify(made)), []);
    made.store.put(KEY, bytes.subarray(0, -1));
    assert.match(said(await verify(made)).join(), /cannot be decompressed \(zstd\)/);
  });
});

describe('a store that fails is not a file that differs', () => {
  for (const compress of [undefined, 'gzip'] as const) {
    test(`in the middle of the file (${compress ?? 'plain'})`, async () => {
      const made = await published(compress && { compress });
      const failure = new ReportError('destination', 'the connection broke');
      for (const give of [0, 1, 3]) {
        const open = async () => ({
          ...made.store.open(),
          async *download() {
            for (let at = 0; at < give; at++) yield made.bytes.subarray(at * 5, at * 5 + 5);
            throw failure;
          },
        });
        await assert.rejects(verify(made, KEY, { open }), failure);
      }
    });
  }

  test('after the content was found to be wrong', async () => {
    const made = await published();
    const failure = new ReportError('destination', 'the connection broke');
    let given = 0;
    const open = async () => ({
      ...made.store.open(),
      async *download() {
        for (given = 0; given < 5; given++) yield Buffer.from('"x"y\n');
        throw failure;
      },
    });
    await assert.rejects(verify(made, KEY, { open }), failure);
    assert.equal(given, 5);
  });

  test('at any request', async () => {
    for (const failing of ['stat', 'read', 'download']) {
      const failure = new ReportError('destination', `${failing} failed`);
      const store = memoryStore({
        before: (step) => {
          if (step === failing) throw failure;
        },
      });
      const made = await published();
      store.put(KEY, made.bytes);
      store.put(manifestKey(KEY), JSON.stringify(made.manifest));
      await assert.rejects(verify({ store }), failure);
    }
  });
});
