// What we write as COPY text is what a PostgreSQL server writes, byte by byte.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { CopyText, cellEnds, encodeRows } from '../../src/rows/encoded-rows.js';
import { requestOf, type TestPostgres, withSource } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
before(async () => {
  server = await createDatabase();
});
after(() => server.stop());

test('rows read from a server are encoded to the bytes that it sent', async () => {
  const query = `SELECT i AS n, 'x' || chr(i) || 'N' AS t, CASE WHEN i % 7 = 0 THEN NULL ELSE chr(i) END AS u
    FROM generate_series(1, 9000) AS i
    UNION ALL SELECT 0, '\\N', '\\.' UNION ALL SELECT -1, '', NULL`;
  let rows = 0;
  await withSource(server.url, async (source) => {
    const request = requestOf(query, { n: 'integer', t: 'text', u: 'text' });
    for await (const batch of (await source.prepare(request)).read()) {
      rows += batch.rowCount;
      assert.ok(batch.encoded !== undefined);
      assert.ok(encodeRows(batch.rows()).equals(batch.encoded.bytes));
    }
  });
  assert.equal(rows, 9002);
});

test('any rows are the same when they are decoded again', () => {
  const cell = fc.option(fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const bytes = encodeRows(rows);
      assert.deepEqual(new CopyText({ bytes, ends: cellEnds(bytes) }, 2).rows(), rows);
    }),
  );
});
