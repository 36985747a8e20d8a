// What a terminal shows: the first rows as a table, the line of progress, and no byte by which a value commands it.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { createPreview, type PreviewOptions } from '../../src/commands/export/preview.js';
import { type Progress, progressLine } from '../../src/commands/shared/progress.js';
import type { Column } from '../../src/core/table.js';
import { openStdout } from '../../src/destinations/stdout.js';
import { cellBatch, type Rows } from '../support/copy-text.js';

const COLUMNS: readonly Column[] = [
  { name: 'id', kind: 'integer' },
  { name: 'nome', kind: 'text', title: 'Usuário' },
  { name: 'valor', kind: 'decimal' },
];

const REPORT: PreviewOptions['report'] = { totals: [], orderBy: [], filters: {} };

interface Shown extends Partial<PreviewOptions> {
  readonly columns?: readonly Column[];
  readonly width?: number;
  readonly height?: number;
}

async function shown(rows: Rows, { columns = COLUMNS, width = 80, height = 24, ...options }: Shown = {}) {
  const screen = { width, height };
  const preview = createPreview({ screen, vertical: false, dialect: {}, report: REPORT, ...options });
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

  test('cuts long texts on forty columns, and no amount', async () => {
    const { lines } = await shown([['1', 'Maria Aparecida dos Santos Conceição', '10.50']], { width: 40 });
    assert.deepEqual(lines, [
      'id  Usuário                        valor',
      `--  ${'-'.repeat(29)}  -----`,
      ' 1  Maria Aparecida dos Santos C…  10.50',
    ]);
  });

  test('keeps totals, the key, amounts and filtered columns, in this order, and names the others', async () => {
    const columns: Column[] = [
      { name: 'descricao', kind: 'text' },
      { name: 'id', kind: 'integer' },
      { name: 'organizacao', kind: 'text' },
      { name: 'quantidade', kind: 'integer' },
      { name: 'preco', kind: 'decimal' },
      { name: 'vazio', kind: 'decimal' },
    ];
    const report = { totals: ['quantidade'], orderBy: ['-id'], filters: { organization: 'organizacao' } };
    const rows: Rows = [['x'.repeat(50), '123456', 'Padaria Central Ltda', '7', '1234567.89', null]];
    const headerAt = async (width: number) => (await shown(rows, { columns, report, width })).lines[0];
    const note = async (width: number) => (await shown(rows, { columns, report, width })).lines.slice(3);
    assert.match((await headerAt(80)) ?? '', /^descricao +id +organizacao +quantidade +preco +vazio$/);
    assert.match((await headerAt(52)) ?? '', /^ +id +organizacao +quantidade +preco +vazio$/);
    assert.match((await headerAt(44)) ?? '', /^ +id +organizacao +quantidade +preco$/);
    assert.match((await headerAt(34)) ?? '', /^ +id +quantidade +preco$/);
    assert.match((await headerAt(20)) ?? '', /^ +id +quantidade$/);
    assert.match((await headerAt(12)) ?? '', /^quantidade$/);
    assert.match(
      (await shown([], { columns, report, width: 30 })).lines[0] ?? '',
      /^id +quantidade +preco +vazio$/,
    );
    assert.deepEqual(await note(34), [
      '(no room for descricao,',
      'organizacao, vazio; --vertical',
      'shows all, --columns chooses)',
    ]);
  });

  test('is spelled as the file is', async () => {
    const columns: Column[] = [
      { name: 'em', kind: 'date' },
      { name: 'valor', kind: 'decimal' },
      { name: 'pago', kind: 'boolean' },
    ];
    const dialect = { locale: 'pt-BR', booleans: 'Sim/Não', null: '-' } as const;
    const { lines } = await shown(
      [
        ['2024-10-05', '1234.50', 'true'],
        [null, null, 'false'],
      ],
      { columns, dialect },
    );
    assert.deepEqual(lines.slice(2), ['05/10/2024  1234,50  Sim', '-                 -  Não']);
  });

  test('with --vertical has whole texts, each value on lines of its own', async () => {
    const rows: Rows = [
      ['1', 'Maria Aparecida dos Santos Conceição', '10.50'],
      ['2', '東京都千代田区丸の内一丁目', null],
    ];
    const { lines } = await shown(rows, { width: 26, vertical: true });
    assert.deepEqual(lines, [
      'row 1 -------',
      'id       1',
      'Usuário  Maria Aparecida',
      '         dos Santos',
      '         Conceição',
      'valor    10.50',
      '',
      'row 2 -------',
      'id       2',
      'Usuário  東京都千代田区丸',
      '         の内一丁目',
      'valor',
    ]);
    const many = Array.from({ length: 100 }, (_, index) => [`${index}`, 'x', '1']);
    assert.equal((await shown(many, { vertical: true, height: 40 })).count, 6);
    assert.equal((await shown(many, { vertical: true, height: 9 })).count, 3);
  });

  test('keeps columns in line where characters are two columns wide, and within the terminal, whatever they hold', async () => {
    const { lines } = await shown([
      ['1', '東京', '5'],
      ['2', '👩‍👩‍👧', '6'],
      ['3', 'e\u0301', '7'],
      ['4', 'क्षि', '8'],
    ]);
    assert.equal(new Set(lines.map((line) => stringWidth(line))).size, 1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 10, max: 60 }),
        async (texts, width) => {
          for (const vertical of [false, true]) {
            const { lines } = await shown(
              texts.map((text) => ['1', text, '2']),
              { width, vertical },
            );
            for (const line of lines) assert.ok(stringWidth(line) <= width, `${line} in ${width}`);
          }
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
