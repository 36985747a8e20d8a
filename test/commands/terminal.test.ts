// What a terminal shows: the first rows as a table, the line of progress, and no byte by which a value commands it.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { createPreview } from '../../src/commands/export/preview.js';
import { type Progress, progressLine } from '../../src/commands/shared/progress.js';
import type { Column } from '../../src/core/table.js';
import { openStdout } from '../../src/destinations/stdout.js';
import { cellBatch, type Rows } from '../support/copy-text.js';

const COLUMNS: readonly Column[] = [
  { name: 'id', kind: 'integer' },
  { name: 'nome', kind: 'text', title: 'Usuário' },
  { name: 'valor', kind: 'decimal' },
];

async function shown(rows: Rows, { columns = COLUMNS, width = 80, height = 24 } = {}) {
  const preview = createPreview({ width, height });
  async function* batches() {
    for (const row of rows) yield cellBatch([row]);
  }
  for await (const chunk of preview.encode({ columns, batches: batches() })) assert.equal(chunk.length, 0);
  return { lines: preview.lines(), count: preview.shown };
}

describe('the table', () => {
  test('aligns numbers to the right and texts to the left; null is nothing, the empty text is ""', async () => {
    const { lines } = await shown([
      ['1', 'Ana', '10.50'],
      ['22', '', null],
      ['333', null, '-7'],
    ]);
    assert.deepEqual(lines, [
      ' id  Usuário  valor',
      '---  -------  -----',
      '  1  Ana      10.50',
      ' 22  ""',
      '333              -7',
    ]);
  });

  test('has as many rows as the screen has room for, and counts no others', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => [`${index}`, 'x', '1']);
    const { lines, count } = await shown(rows, { height: 30 });
    assert.equal(count, 22);
    assert.equal(lines.length, 24);
    assert.equal((await shown(rows, { height: 3 })).count, 5);
  });

  test('names the columns for which forty columns of a terminal have no room', async () => {
    const { lines } = await shown([['1', 'Maria Aparecida dos Santos Conceição', '10.50']], { width: 40 });
    assert.deepEqual(lines, [
      'id  Usuário',
      `--  ${'-'.repeat(36)}`,
      ' 1  Maria Aparecida dos Santos Conceição',
      '(no room for valor; choose columns with --columns)',
    ]);
  });

  test('keeps columns in line where characters are two columns wide, and within the terminal, whatever they hold', async () => {
    const { lines } = await shown([
      ['1', '東京', '5'],
      ['2', '👩‍👩‍👧', '6'],
    ]);
    assert.equal(new Set(lines.map((line) => stringWidth(line))).size, 1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 10, max: 60 }),
        async (texts, width) => {
          const { lines } = await shown([['1', ...texts.slice(0, 1), '2']], { width });
          for (const line of lines.slice(0, 3)) assert.ok(stringWidth(line) <= width, `${line} in ${width}`);
        },
      ),
    );
  });

  test('has no control character in it', async () => {
    const { lines } = await shown([['1', '\u001b[2Jgone\u009b1m\r\nsecond\tline', '2']]);
    assert.match(lines[2] ?? '', /^ 1 {2}\ufffd\[2Jgone\ufffd1m second line {2}/);
  });
});

describe('the line of progress', () => {
  const at = (progress: Partial<Progress>) =>
    progressLine({ name: 'vendas', rows: 0, bytes: 0, expected: 1000, seconds: 0, width: 100, ...progress });

  test('has a bar, rates and the time left, once there is a rate', () => {
    assert.equal(at({}), `vendas ${'░'.repeat(30)} 0 of about 1,000 rows`);
    assert.equal(
      at({ rows: 250, bytes: 5_000_000, seconds: 10 }),
      `vendas ${'█'.repeat(7)}${'░'.repeat(23)} 250 of about 1,000 rows, 4.8 MiB, 0.5 MB/s, about 30 s left`,
    );
  });

  test('does not pretend when there are more rows than expected, or nobody knows how many', () => {
    assert.equal(
      at({ rows: 1001, bytes: 2_000_000, seconds: 4 }),
      'vendas 1,001 rows, more than the about 1,000 expected, 1.9 MiB, 0.5 MB/s, 4 s',
    );
    assert.equal(
      at({ rows: 7_000_000, expected: undefined, seconds: 8000 }),
      'vendas 7,000,000 rows, 2 h 13 min',
    );
  });

  test('keeps the rows and the time on forty columns, and never wraps', () => {
    assert.equal(
      at({ rows: 10, bytes: 1e6, seconds: 2, width: 55 }),
      'vendas 10 of about 1,000 rows, about 3 min left',
    );
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.nat(),
          bytes: fc.nat(),
          seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
          expected: fc.option(fc.nat(), { nil: undefined }),
          width: fc.integer({ min: 1, max: 200 }),
        }),
        (progress) => assert.ok(at(progress).length <= Math.max(1, progress.width - 1), at(progress)),
      ),
    );
  });
});

describe('standard output', () => {
  const sent = async (isTTY: boolean) => {
    const chunks: Buffer[] = [];
    const stream = new Writable({
      write(chunk, _, done) {
        chunks.push(chunk);
        done();
      },
    });
    const destination = await openStdout({
      signal: new AbortController().signal,
      stream: Object.assign(stream, { isTTY }),
    });
    const staged = await destination.stage('stdout', { contentType: 'text/csv', existing: 'replace' });
    await staged.write(Buffer.from('São Paulo,\u001b]0;x\u0007,\u009b1m\t"a\r\nb"\n'));
    await staged.publish();
    return Buffer.concat(chunks).toString();
  };

  test('that is a terminal gets no control character of a value', async () => {
    assert.equal(await sent(true), 'São Paulo,?]0;x?,?1m\t"a\r\nb"\n');
  });

  test('that is not gets every byte', async () => {
    assert.equal(await sent(false), 'São Paulo,\u001b]0;x\u0007,\u009b1m\t"a\r\nb"\n');
  });
});
