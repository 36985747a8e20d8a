// The documents beside published files: their schemas are what the code reads, and what cannot be read says why.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { ReportError } from '../../src/core/errors.js';
import {
  manifestShape,
  parseManifest,
  parsePending,
  parseRunRecord,
  runRecordShape,
} from '../../src/publish/documents.js';
import { ROOT } from '../support/cli.js';

const HASH = 'a'.repeat(64);
const PERIOD = { kind: 'day', from: '2024-10-05', to: '2024-10-06', lastDay: '2024-10-05', timezone: 'UTC' };
const RUN = {
  report: 'vendas',
  definition: HASH,
  revision: 2,
  token: 't',
  tool: 'reportctl 1.0.0',
  started: '2024-10-06T04:00:00.000Z',
  finished: '2024-10-06T04:00:01.000Z',
};
const MANIFEST = {
  manifest: 1,
  ...RUN,
  key: 'r.csv',
  contentType: 'text/csv',
  format: 'csv',
  dialect: { delimiter: ';', bom: true },
  compress: null,
  rows: 2,
  bytes: 10,
  sha256: HASH,
  content: null,
  totals: { valor: '1.50' },
  nulls: { valor: 0 },
  neutralised: 0,
  notes: [],
  period: PERIOD,
  filters: { organization: ['ACME'] },
  params: { moeda: 'BRL' },
  columns: [{ name: 'valor', kind: 'decimal', title: 'Valor' }],
  volatile: [],
  timezone: 'UTC',
  sources: ['vendas'],
  gates: [{ gate: 'min-rows', expected: 'at least 1', found: '2', ok: true }],
  encryption: 'AES256',
  etag: '"x"',
  version: '"x"',
  parts: 2,
  checksum: { CRC32: 'q7Hm2Q==' },
};
const RECORD = {
  record: 1,
  ...RUN,
  period: PERIOD,
  rows: 2,
  totals: { valor: '1.50' },
  content: HASH,
  outputs: [{ key: 'r.csv', rows: 2, bytes: 10, sha256: HASH }],
  restated: {
    reason: 'late data',
    by: 'ana@host',
    revision: 1,
    rows: { before: 1, after: 2 },
    totals: { valor: { before: null, after: '1.50' } },
  },
};
const PENDING = {
  pending: 1,
  report: 'vendas',
  token: 't',
  revision: 2,
  restating: { reason: 'late data', by: 'ana@host' },
  outputs: [{ key: 'r.csv', token: 't', bytes: 10, sha256: HASH }],
};

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('the JSON Schema of', () => {
  const documents = {
    manifest: { shape: manifestShape, title: 'The manifest of a published file', sample: MANIFEST },
    'run-record': { shape: runRecordShape, title: 'The run record of a published period', sample: RECORD },
  };
  for (const [name, { shape, title, sample }] of Object.entries(documents)) {
    test(`${name} is what the code reads`, async () => {
      const file = join(ROOT, `schemas/${name}.schema.json`);
      // As readers see it: what a later version adds is no fault.
      const { $schema, ...rest } = z.toJSONSchema(shape, { io: 'input' });
      const generated = { $schema, title, ...rest };
      if (process.env.UPDATE === '1') await writeFile(file, JSON.stringify(generated));
      const hint = 'run this test again with UPDATE=1, then npm run format';
      assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), generated, hint);
    });

    test(`${name} describes every field`, () => {
      const described = (at: string, schema: z.core.JSONSchema.JSONSchema): number => {
        const inner = [schema, ...(schema.anyOf ?? [])] as z.core.JSONSchema.JSONSchema[];
        let count = 0;
        for (const each of inner) {
          for (const [field, value] of Object.entries(each.properties ?? {})) {
            const child = value as z.core.JSONSchema.JSONSchema;
            const own = child.description ?? child.anyOf?.map(({ description }) => description).join('');
            assert.ok(own, `${at}.${field} has no description`);
            count += 1 + described(`${at}.${field}`, child);
          }
          for (const child of [each.items, each.additionalProperties]) {
            if (child && typeof child === 'object' && !Array.isArray(child))
              count += described(`${at}[]`, child);
          }
        }
        return count;
      };
      assert.ok(described(name, z.toJSONSchema(shape, { io: 'input' })) > 20);
    });

    test(`${name} admits a document, later fields in it too, and no other`, async () => {
      const file = join(ROOT, `schemas/${name}.schema.json`);
      const schema = z.fromJSONSchema(JSON.parse(await readFile(file, 'utf8')));
      assert.ok(schema.safeParse(sample).success);
      assert.ok(schema.safeParse({ ...sample, later: true }).success);
      for (const broken of [{ sha256: 'x', content: 'x' }, { rows: -1 }, { period: '2024' }]) {
        assert.ok(!schema.safeParse({ ...sample, ...broken }).success, JSON.stringify(broken));
      }
    });
  }
});

describe('reading', () => {
  test('gives what was written, without what a later version added', () => {
    assert.deepEqual(parseManifest(bytes({ ...MANIFEST, later: 1 }), 'k'), MANIFEST);
    assert.deepEqual(parseRunRecord(bytes({ ...RECORD, later: 1 }), 'k'), RECORD);
    assert.deepEqual(parsePending(bytes({ ...PENDING, later: 1 }), 'k'), PENDING);
  });

  test('takes an ad-hoc export, and a period without files', () => {
    const { title: _, ...column } = { name: 'a', kind: 'text', title: 'A' };
    const adHoc = {
      ...MANIFEST,
      period: null,
      compress: 'gzip',
      columns: [column],
      checksum: null,
      parts: null,
    };
    assert.deepEqual(parseManifest(bytes(adHoc), 'k'), adHoc);
    const { restated: _restated, ...once } = { ...RECORD, outputs: [] };
    assert.deepEqual(parseRunRecord(bytes(once), 'k'), once);
  });

  const read = {
    manifest: (content: Buffer) => parseManifest(content, 'x/k.json'),
    record: (content: Buffer) => parseRunRecord(content, 'x/k.json'),
    pending: (content: Buffer) => parsePending(content, 'x/k.json'),
  };
  const cases: readonly [of: keyof typeof read, content: Buffer, said: RegExp][] = [
    ['manifest', Buffer.from(''), /^the manifest x\/k\.json cannot be read: it is empty$/],
    ['record', Buffer.from('{"a":\n'), /^the run record x\/k\.json cannot be read: it is no JSON$/],
    ['record', bytes(null), /^the run record x\/k\.json cannot be read: .*expected object/],
    ['record', bytes([]), /cannot be read: .*expected object/],
    ['record', bytes({}), /cannot be read: record: /],
    ['record', bytes({ ...RECORD, record: '1' }), /cannot be read: record: /],
    [
      'manifest',
      bytes({ ...MANIFEST, manifest: 2, sha256: 5 }),
      /^the manifest x\/k\.json has version 2; this reportctl reads version 1$/,
    ],
    [
      'record',
      bytes({ record: 7 }),
      /^the run record x\/k\.json has version 7; this reportctl reads version 1$/,
    ],
    ['pending', bytes({ pending: 0 }), /^the pending note x\/k\.json has version 0; /],
    ['manifest', bytes({ ...MANIFEST, sha256: HASH.toUpperCase() }), /read: sha256: not the lower-case hex/],
    [
      'record',
      bytes({ ...RECORD, outputs: [{ ...RECORD.outputs[0], bytes: 1.5 }] }),
      /read: outputs\.0\.bytes: .*int/,
    ],
    ['manifest', bytes({ ...MANIFEST, period: { ...PERIOD, to: 'x' } }), /read: period\.to: .*date/],
    ['manifest', bytes({ ...MANIFEST, columns: [] }), /read: columns: /],
    ['record', bytes({ ...RECORD, finished: 'x' }), /read: finished: /],
  ];
  for (const [of, content, said] of cases) {
    test(`refuses ${JSON.stringify(content.toString()).slice(0, 40)} as ${of}, in one line`, () => {
      assert.throws(
        () => read[of](content),
        (error) => {
          assert.ok(error instanceof ReportError);
          assert.equal(error.code, 'contract');
          assert.match(error.message, said);
          assert.doesNotMatch(error.message, /\n|undefined/);
          assert.ok(error.hint);
          return true;
        },
      );
    });
  }
});
