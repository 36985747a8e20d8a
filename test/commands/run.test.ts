// reportctl run: closed periods published once, whole and with their record, or not at all.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { assertRefused, filesBelow, ROOT, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { startS3Server } from '../support/s3-server.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
let folder: string;
let count = 0;
before(async () => {
  [server, folder] = await Promise.all([createDatabase('vendas'), temporaryFolder()]);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** A destination of its own for a test. */
function destination() {
  const out = join(folder, `out-${++count}`);
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    reportctl(['run', ...args], {
      env: { REPORTCTL_SOURCE_VENDAS: server.url, REPORTCTL_DESTINATION: out, ...env },
    });
  return {
    out,
    run,
    files: () => filesBelow(out),
    json: async (key: string) => JSON.parse(await readFile(join(out, key), 'utf8')),
  };
}

describe('a closed period', { concurrency: 3 }, () => {
  test('is published with its manifest and its run record, and the second run changes nothing', async () => {
    const { out, run, files, json } = destination();
    const args = ['transacoes', '--date', '2024-10-05'];
    const first = await run(args);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stderr, '');
    const published = [
      '_reportctl/transacoes/20241005.json',
      'relatorio_20241005.csv',
      'relatorio_20241005.csv.manifest.json',
      'relatorio_20241005.csv.schema.json',
      'transacoes.latest.json',
    ];
    assert.deepEqual(await files(), published);

    const bytes = await readFile(join(out, 'relatorio_20241005.csv'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const [header, ...rows]: string[][] = parse(bytes);
    assert.deepEqual(header, [
      'data_extracao',
      'nome_usuario',
      'id_transacao',
      'valor_transacao',
      'status_transacao',
    ]);
    assert.equal(rows.length, 376);
    assert.ok(rows.some((row) => row[2] === '9223372036854775807'));
    assert.match(
      first.stdout,
      new RegExp(
        `^published transacoes 2024-10-05: ${out}/relatorio_20241005\\.csv, 376 rows, .*, sha256 ${sha256}\n$`,
      ),
    );

    const manifest = await json('relatorio_20241005.csv.manifest.json');
    assert.deepEqual(
      [manifest.rows, manifest.bytes, manifest.sha256, manifest.totals, manifest.revision],
      [376, bytes.length, sha256, { valor_transacao: '323039.11' }, 1],
    );
    assert.deepEqual(manifest.period, {
      kind: 'day',
      from: '2024-10-05',
      to: '2024-10-06',
      lastDay: '2024-10-05',
      timezone: 'America/Sao_Paulo',
    });
    assert.ok(manifest.started <= manifest.finished);
    const record = await json('_reportctl/transacoes/20241005.json');
    const [{ version, ...output }, ...others] = record.outputs;
    assert.deepEqual(output, { key: 'relatorio_20241005.csv', rows: 376, bytes: bytes.length, sha256 });
    assert.match(version, /./);
    assert.deepEqual(others, []);
    assert.deepEqual([record.definition, record.token], [manifest.definition, manifest.token]);

    const times = async () =>
      Promise.all(published.map(async (file) => (await stat(join(out, file))).mtimeMs));
    const before = await times();
    // A source that cannot be reached shows that none is asked.
    const second = await run(args, { REPORTCTL_SOURCE_VENDAS: 'postgres://u@127.0.0.1:1/x' });
    assert.deepEqual([second.code, second.stderr], [0, '']);
    assert.equal(second.stdout, first.stdout.replace('published', 'unchanged'));
    assert.deepEqual(await times(), before);
    assert.deepEqual(await files(), published);
  });

  test('every period from --since to --until, over days of 23 and 25 hours', async () => {
    const { run, json } = destination();
    const [spring, autumn] = await Promise.all([
      run(['transacoes', '--since', '2018-11-03', '--until', '2018-11-05', '--json']),
      run(['transacoes', '--since', '2019-02-16', '--until', '2019-02-17', '--json']),
    ]);
    const rows = ({ stdout }: { stdout: string }) =>
      JSON.parse(stdout).map(
        ({ outcome, outputs }: { outcome: string; outputs: { key: string; rows: number }[] }) => [
          outcome,
          outputs[0]?.key,
          outputs[0]?.rows,
        ],
      );
    assert.deepEqual(rows(spring), [
      ['published', 'relatorio_20181103.csv', 73],
      ['published', 'relatorio_20181104.csv', 70],
      ['published', 'relatorio_20181105.csv', 73],
    ]);
    assert.deepEqual(rows(autumn), [
      ['published', 'relatorio_20190216.csv', 77],
      ['published', 'relatorio_20190217.csv', 73],
    ]);
    assert.equal((await json('relatorio_20181104.csv.manifest.json')).rows, 70);
  });

  test('--all: each report for its own period, those without outputs left out', async () => {
    const { run, files, json } = destination();
    const documents = join(folder, 'producao.ndjson');
    await writeFile(documents, '{"_id":1,"registrado_em":"2024-10-01T02:59:59.999Z","quantidade":7}\n');
    const env = { REPORTCTL_SOURCE_PRODUCAO: `file:${documents}` };
    const { code, stdout, stderr } = await run(['--all', '--date', '2024-09-30'], env);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^published producao 2024-09-30: .*producao_20240930\.csv, 1 row,/m);
    assert.match(stdout, /^published transacoes 2024-09-30: .*relatorio_20240930\.csv, 363 rows/m);
    assert.match(
      stdout,
      /^published vendas_por_produto 2024-09-01\.\.2024-09-30: .*relatorios\/vendas\/vendas_por_produto_20240930\.csv, 360 rows/m,
    );
    assert.equal((await files()).length, 18);
    assert.equal((await json('relatorios/vendas/vendas_por_produto_20240930.csv.manifest.json')).rows, 360);
    const pages = await json('relatorios/vendas/vendas_por_produto_20240930.pdf.manifest.json');
    assert.deepEqual(
      [pages.rows, pages.contentType, pages.dialect],
      [360, 'application/pdf', { locale: 'pt-BR', 'group-by': ['organizacao', 'tipo_produto'] }],
    );
  });

  test('without a date it is the last that is over: yesterday in the zone of the report', async () => {
    const { run } = destination();
    const { code, stderr } = await run(['transacoes']);
    // The fixture has nothing of these days, and the gate says so.
    assert.equal(code, 3);
    assert.match(stderr, /gate min-rows/);
  });

  test('several outputs come from one read', async () => {
    const { run, files, json } = destination();
    const queries = join(folder, 'two');
    const outputs =
      'outputs:\n  - { format: csv, key: "a/{report}.{ext}" }\n  - { format: csv, key: "b/{report}.{ext}", compress: gzip, locale: pt-BR }';
    const path = await writeReport(
      queries,
      'dois',
      `source: vendas\ncolumns: { quando: timestamp, id: integer }\nfilters: { date: data_transacao }\nvolatile: [quando]\n${outputs}`,
      'SELECT clock_timestamp() AS quando, id, data_transacao FROM transacoes',
    );
    const { code, stderr } = await run([path, '--date', '2024-10-05']);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      (await files()).filter((file) => !file.endsWith('.json')),
      ['a/dois.csv', 'b/dois.csv.gz'],
    );
    assert.deepEqual(
      [(await json('a/dois.csv.manifest.json')).rows, (await json('b/dois.csv.gz.manifest.json')).rows],
      [376, 376],
    );
  });
});

describe('what is refused leaves nothing', { concurrency: 3 }, () => {
  test('a gate that does not hold', async () => {
    const { run, files } = destination();
    assertRefused(
      await run(['transacoes', '--date', '2024-10-08']),
      3,
      /"transacoes" is not published: gate min-rows: expected at least 1, found 0/,
    );
    assert.deepEqual(await files(), []);
  });

  test('one of several: the others are published, and the code is 6', async () => {
    const { run, files } = destination();
    const { code, stdout, stderr } = await run([
      'transacoes',
      '--since',
      '2024-10-06',
      '--until',
      '2024-10-07',
      '--json',
    ]);
    assert.equal(code, 6);
    const [published, refused, end] = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual([published.event, published.rows], ['published', 334]);
    assert.deepEqual(
      [refused.event, refused.code, refused.period.lastDay],
      ['refused', 'gate', '2024-10-07'],
    );
    assert.match(refused.message, /gate min-rows/);
    assert.deepEqual([end.event, end.exitCode, end.message], ['error', 6, '1 of 2 runs failed']);
    assert.deepEqual(
      JSON.parse(stdout).map(({ outcome }: { outcome: string }) => outcome),
      ['published', 'failed'],
    );
    assert.equal((await files()).filter((file) => file.includes('20241007')).length, 0);
    assert.equal((await files()).length, 5);
  });

  test('--all: a report whose definition is broken does not keep the others from running, nor from being listed', async () => {
    const queries = await temporaryFolder();
    await cp(join(ROOT, 'queries/transacoes.sql'), join(queries, 'transacoes.sql'));
    await writeFile(join(queries, 'quebrado.sql'), 'SELECT 1');
    const { run, files } = destination();
    const env = { REPORTCTL_QUERIES: queries };
    const { code, stdout, stderr } = await run(['--all', '--date', '2024-10-05'], env);
    assert.equal(code, 6);
    assert.match(
      stderr,
      /error quebrado: \S+quebrado\.sql:1: no definition[^\n]*\nreportctl: 1 of 2 runs failed\./,
    );
    assert.match(stdout, /^published transacoes 2024-10-05/);
    assert.equal((await files()).length, 5);
    const listed = await reportctl(['list'], { env });
    assert.equal(listed.code, 2);
    assert.match(listed.stdout, /^transacoes /m);
    assert.match(
      listed.stderr,
      /quebrado\.sql:1: no definition[^\n]*\nreportctl: 1 of 2 reports cannot be read\.\n$/,
    );
    await rm(queries, { recursive: true });
  });

  test('a period that is not over, at any end', async () => {
    const { run, files } = destination();
    for (const args of [
      ['--date', '9000-01-01'],
      ['--since', 'yesterday', '--until', 'today'],
    ]) {
      assertRefused(
        await run(['transacoes', ...args]),
        2,
        /the day \S+ of "transacoes" is not over \(today is \d{4}-\d\d-\d\d in America\/Sao_Paulo\)/,
      );
    }
    assertRefused(
      await run(['vendas_por_produto', '--date', 'today']),
      2,
      /the month \S+ of "vendas_por_produto" is not over/,
    );
    assert.deepEqual(await files(), []);
  });

  test('another definition of a period that is published', async () => {
    const { run, files, json } = destination();
    const yaml =
      'source: vendas\ncolumns: { id: integer }\nfilters: { date: data_transacao }\noutputs: [{ format: csv, key: "r_{YYYYMMDD}.csv" }]';
    const path = await writeReport(
      join(folder, 'restated'),
      'r',
      yaml,
      'SELECT id, data_transacao FROM transacoes',
    );
    assert.equal((await run([path, '--date', '2024-10-05'])).code, 0);
    const record = await json('_reportctl/r/20241005.json');
    await writeReport(
      join(folder, 'restated'),
      'r',
      yaml,
      'SELECT id + 0 AS id, data_transacao FROM transacoes',
    );
    assertRefused(
      await run([path, '--date', '2024-10-05']),
      3,
      /"r" for 2024-10-05 was already published, by another definition/,
    );
    assert.deepEqual(await json('_reportctl/r/20241005.json'), record);
    assert.equal((await files()).length, 5);
  });

  test('a query that fails on its last row', async () => {
    const { run, files } = destination();
    const yaml =
      'source: vendas\ncolumns: { id: integer }\noutputs: [{ format: csv, key: "a.csv" }, { format: csv, key: "b.csv", bom: true }]';
    const path = await writeReport(
      join(folder, 'last'),
      'ultima',
      yaml,
      'SELECT n / (200000 - n) AS id FROM generate_series(1, 200000) AS n',
    );
    assertRefused(
      await run([path]),
      4,
      /reading "ultima" from source "vendas" .*: division by zero \(SQLSTATE 22012\)\. Trying again will not help/,
    );
    assert.deepEqual(await files(), []);
  });

  const usage: readonly [args: string[], said: RegExp][] = [
    [[], /run: no report\. Name reports, or give --all/],
    [
      ['pedidos', '--param', 'moeda=BRL'],
      /report "pedidos" has no outputs\. Add outputs to .*queries.pedidos\.sql, or use export/,
    ],
    [
      ['transacoes', '--date', '2024-10-05', '--since', '2024-10-01'],
      /--date cannot be combined with --since or --until/,
    ],
    [['transacoes', '--since', '2024-10-05', '--until', '2024-10-01'], /the end is before the start/],
    [['transacoes', '--date', '2024-10'], /"2024-10" is not within one day of "transacoes"/],
  ];
  for (const [args, said] of usage) {
    test(`run ${args.join(' ')}`, async () => {
      const { run, files } = destination();
      assertRefused(await run(args), 2, said);
      assert.deepEqual(await files(), []);
    });
  }
});

test('a bucket: the same as in a folder, encrypted, and nothing of what is refused', async () => {
  const s3 = await startS3Server({ bucket: 'relatorios' });
  try {
    const { run } = destination();
    const env = { ...s3.environment, REPORTCTL_DESTINATION: 's3://relatorios/vendas' };
    const args = ['transacoes', '--date', '2024-10-05'];
    const first = await run(args, env);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stderr, '');
    assert.match(
      first.stdout,
      /^published transacoes 2024-10-05: s3:\/\/relatorios\/vendas\/relatorio_20241005\.csv, 376 rows/,
    );
    const keys = [
      'vendas/_reportctl/transacoes/20241005.json',
      'vendas/relatorio_20241005.csv',
      'vendas/relatorio_20241005.csv.manifest.json',
      'vendas/relatorio_20241005.csv.schema.json',
      'vendas/transacoes.latest.json',
    ];
    assert.deepEqual(s3.keys(), keys);
    for (const key of keys) assert.equal(s3.get(key)?.encryption?.algorithm, 'AES256', key);
    const file = s3.get('vendas/relatorio_20241005.csv');
    const manifest = JSON.parse(`${s3.get('vendas/relatorio_20241005.csv.manifest.json')?.body}`);
    assert.equal(
      manifest.sha256,
      createHash('sha256')
        .update(file?.body ?? '')
        .digest('hex'),
    );
    assert.deepEqual([manifest.rows, manifest.encryption], [376, 'AES256']);
    assert.match((await run(args, env)).stdout, /^unchanged/);

    assertRefused(await run(['transacoes', '--date', '2024-10-08'], env), 3, /gate min-rows/);
    assert.deepEqual([s3.keys(), s3.uploads()], [keys, []]);
  } finally {
    await s3.close();
  }
});
