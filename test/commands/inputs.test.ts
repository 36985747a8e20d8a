// What an output must not take the place of: the files that it is made from.
import assert from 'node:assert/strict';
import { link, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import excel from 'exceljs';
import { assertRefused, filesBelow, reportctl, temporaryFolder } from '../support/cli.js';

const report = (collection: string, outputs: string) => `source: docs
collection: ${collection}
timezone: UTC
filters: { date: { path: em, stored: text } }
columns: { id: { kind: text, path: _id }, em: { kind: text, path: em } }
outputs: [${outputs}]
`;

let folder: string;
let env: Record<string, string>;
before(async () => {
  folder = await temporaryFolder();
  for (const name of ['queries', 'docs', 'out']) await mkdir(join(folder, name));
  const workbook = new excel.Workbook();
  workbook.addWorksheet('Dados').getRow(1).values = ['id', 'em'];
  await workbook.xlsx.writeFile(join(folder, 'queries/modelo.xlsx'));
  const rows = '{"_id":"1","em":"2024-10-05T10:00:00Z"}\n';
  for (const name of ['docs/dia.ndjson', 'docs/outra.ndjson']) await writeFile(join(folder, name), rows);
  await link(join(folder, 'queries/modelo.xlsx'), join(folder, 'out/twin.xlsx'));
  await link(join(folder, 'queries/modelo.xlsx'), join(folder, 'out/dia_20241005.xlsx'));
  await symlink(join(folder, 'queries/modelo.xlsx'), join(folder, 'out/link.xlsx'));
  const xlsx = (key: string) => `{ format: xlsx, key: "${key}", template: modelo.xlsx }`;
  await writeFile(join(folder, 'queries/dia.yaml'), report('dia', xlsx('dia_{YYYYMMDD}.xlsx')));
  await writeFile(join(folder, 'queries/own.yaml'), report('dia', xlsx('modelo.xlsx')));
  await writeFile(
    join(folder, 'queries/split.yaml'),
    report('dia', '{ format: csv, key: "{id}.ndjson", split-by: id }'),
  );
  env = {
    REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs')}/`,
    REPORTCTL_QUERIES: join(folder, 'queries'),
    REPORTCTL_DESTINATION: join(folder, 'out'),
  };
});
after(() => rm(folder, { recursive: true }));

async function contents(): Promise<Record<string, string>> {
  const files = await filesBelow(folder);
  const all = files.map(async (file) => [file, await readFile(join(folder, file), 'base64')] as const);
  return Object.fromEntries(await Promise.all(all));
}

/** Exit code 2 with one line, and every file as it was. */
async function refused(args: readonly string[], said: RegExp, more: Readonly<Record<string, string>> = {}) {
  const former = await contents();
  const finished = await reportctl(args, { cwd: folder, env: { ...env, ...more } });
  assertRefused(finished, 2, said);
  assert.deepEqual(await contents(), former);
}

describe('export -o', () => {
  test('the template, by any path', async () => {
    const template = join(folder, 'queries/modelo.xlsx');
    const paths = [
      template,
      './queries/../queries/modelo.xlsx',
      `file:${template}`,
      'out/link.xlsx',
      'out/twin.xlsx',
    ];
    for (const path of paths)
      await refused(
        ['export', 'dia', '--template', 'queries/modelo.xlsx', '-o', path],
        /is the template of this report/,
      );
    // Also the one of the report's own output, which this export does not use.
    await refused(
      ['export', 'dia', '-o', 'queries/modelo.xlsx'],
      /modelo\.xlsx is the template of this report/,
    );
  });

  test('a report, or a file of the source', async () => {
    const csv = ['--format', 'csv', '-o'];
    await refused(['export', 'dia', ...csv, 'queries/dia.yaml'], /dia\.yaml is the file of this report/);
    await refused(['export', 'dia', ...csv, 'queries/split.yaml'], /split\.yaml is the file of a report/);
    await refused(
      ['export', 'dia', ...csv, 'docs/outra.ndjson'],
      /outra\.ndjson is a file that source "docs" reads/,
    );
    const single = { REPORTCTL_SOURCE_DOCS: 'file:docs/dia.ndjson' };
    await refused(
      ['export', 'dia', ...csv, 'docs/dia.ndjson'],
      /dia\.ndjson is a file that source "docs"/,
      single,
    );
    const script = { REPORTCTL_SOURCE_DOCS: 'embedded:docs/outra.ndjson' };
    await refused(
      ['export', 'dia', ...csv, 'docs/outra.ndjson'],
      /outra\.ndjson is a file that source/,
      script,
    );
  });

  test('a file beside them is replaced when that is asked for', async () => {
    for (let time = 0; time < 2; time++) {
      const { code, stderr } = await reportctl(['export', 'dia', '-o', 'docs/dia.csv', '--overwrite'], {
        cwd: folder,
        env,
      });
      assert.equal(code, 0, stderr);
    }
    await rm(join(folder, 'docs/dia.csv'));
    await rm(join(folder, 'docs/dia.csv.manifest.json'));
  });
});

describe('run', () => {
  test('a template that was published: neither again nor with --restate', async () => {
    const published = {
      REPORTCTL_DESTINATION: join(folder, 'published'),
      REPORTCTL_QUERIES: join(folder, 'own'),
    };
    await mkdir(join(folder, 'own'));
    const file = join(folder, 'own/snapshot.yaml');
    const yaml = report('dia', '{ format: xlsx, key: "dia.xlsx" }').replace(/filters: .*\n/, '');
    await writeFile(file, yaml);
    const { code, stderr } = await reportctl(['run', 'snapshot'], {
      cwd: folder,
      env: { ...env, ...published },
    });
    assert.equal(code, 0, stderr);
    await writeFile(file, yaml.replace('dia.xlsx"', 'dia.xlsx", template: ../published/dia.xlsx'));
    await refused(
      ['run', 'snapshot', '--restate', 'x'],
      /dia\.xlsx is the template of this report/,
      published,
    );
  });

  const day = ['--date', '2024-10-05'];

  test('a template that has the key of an output, in the destination itself or as a link', async () => {
    const queries = { REPORTCTL_DESTINATION: join(folder, 'queries') };
    const said = /the output .*\.xlsx is the template of this report/;
    await refused(['run', 'own', ...day], said, queries);
    await refused(['run', 'own', ...day, '--restate', 'x'], said, queries);
    await refused(['run', 'dia', ...day], said);
    await refused(['run', 'dia', ...day, '--restate', 'x'], said);
  });

  test('a file of the source, also as one of many files', async () => {
    await writeFile(join(folder, 'docs/1.ndjson'), '');
    const docs = { REPORTCTL_DESTINATION: join(folder, 'docs') };
    await refused(
      ['run', 'split', ...day],
      /the output .*1\.ndjson is a file that source "docs" reads/,
      docs,
    );
  });
});
