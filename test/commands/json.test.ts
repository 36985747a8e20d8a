// What each command prints with --json is what its published schema says, field by field.
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { JSON_SHAPES } from '../../src/commands/json-shapes.js';
import { VERBS } from '../../src/commands/verbs.js';
import { ROOT, reportctl, temporaryFolder } from '../support/cli.js';

const REPORT = `source: docs
collection: docs
timezone: UTC
filters: { date: { path: em, stored: text }, product: p }
columns: { id: { kind: text, path: _id }, p: text, v: decimal, em: timestamp }
order-by: [id]
totals: [v]
gates: { unique: [id] }
outputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]
tests: [{ name: um, date: 2024-10-05 }]
`;

/** In this order: later ones read what earlier ones publish. An exit code, where it is not 0. */
const CALLS: readonly (readonly [args: string, exitCode?: number])[] = [
  ['run vendas --since 2024-10-05 --until 2024-10-06'],
  ['run vendas --date 2024-10-07', 3],
  ['export vendas -o e.csv'],
  ['export vendas -o e.xlsx --limit 2'],
  ['list'],
  ['explain vendas --date 2024-10-05'],
  ['explain vendas --date 2024-10-05 --funnel'],
  ['trace vendas --key id=1 --date 2024-10-05'],
  ['trace vendas --key id=9 --product zz', 3],
  ['check'],
  ['check vendas nada', 2],
  ['verify vendas --date 2024-10-05'],
  ['verify nada.csv', 3],
  ['diff vendas 2024-10-05 2024-10-06 --by p', 3],
  ['diff vendas 2024-10-05 2024-10-06 --summary --by p', 3],
  ['diff vendas 2024-10-05 2024-10-05'],
  ['consume vendas_20241005.csv --as psql'],
  ['status --since 2024-10-05', 3],
  ['schedule --as crontab'],
  ['test', 2],
  ['new outro --from docs'],
];

describe('what is printed with --json', () => {
  let folder: string;
  before(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder, 'queries'));
    await writeFile(join(folder, 'queries/vendas.yaml'), REPORT);
    const documents = ['05', '06', '07', '07'].flatMap((day, turn) =>
      [1, 2].map((id) => ({ _id: String(id), em: `2024-10-${day}T10:00:00Z`, p: `a${id}`, v: id + turn })),
    );
    await writeFile(
      join(folder, 'docs.ndjson'),
      documents.map((document) => JSON.stringify(document)).join('\n'),
    );
  });
  after(() => rm(folder, { recursive: true }));

  for (const [args, exitCode = 0] of CALLS) {
    test(`reportctl ${args}`, async () => {
      const env = {
        REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
        REPORTCTL_DESTINATION: 'out',
      };
      const words = args.split(' ');
      const { code, stdout, stderr } = await reportctl([...words, '--json'], { env, cwd: folder });
      assert.equal(code, exitCode, stderr);
      const printed: unknown = JSON.parse(stdout);
      const entry = JSON_SHAPES[words[0] ?? ''];
      assert.ok(entry);
      // What the schema does not know is left out by parse().
      assert.deepEqual(entry.shape.parse(printed), printed);
    });
  }

  test('reportctl verify of a copy outside its destination', async () => {
    const copied = 'vendas_20241005.csv';
    for (const ending of ['', '.manifest.json'])
      await cp(join(folder, 'out', `${copied}${ending}`), join(folder, `copia.csv${ending}`));
    const { code, stdout } = await reportctl(['verify', 'copia.csv', '--json'], { cwd: folder });
    const printed: { standing?: string }[] = JSON.parse(stdout);
    assert.deepEqual([code, printed[0]?.standing], [3, 'moved']);
    assert.deepEqual(JSON_SHAPES.verify?.shape.parse(printed), printed);
  });

  test('every command has a schema, and the calls above are of all but one', () => {
    const called = new Set(CALLS.map(([args]) => args.split(' ')[0]));
    const verbs = Object.keys(VERBS).filter((verb) => verb !== 'completion');
    assert.deepEqual(Object.keys(JSON_SHAPES).toSorted(), verbs.toSorted());
    // init asks a database.
    assert.deepEqual(
      verbs.filter((verb) => !called.has(verb)),
      ['init'],
    );
  });
});

for (const [command, { shape, version }] of Object.entries(JSON_SHAPES)) {
  test(`the JSON Schema of ${command} --json is what the code writes`, async () => {
    const file = join(ROOT, `schemas/json/${command}.schema.json`);
    const { $schema, ...rest } = z.toJSONSchema(shape, { io: 'input' });
    const generated = { $schema, title: `What reportctl ${command} --json prints`, version, ...rest };
    if (process.env.UPDATE === '1') {
      await mkdir(join(ROOT, 'schemas/json'), { recursive: true });
      await writeFile(file, JSON.stringify(generated));
    }
    const hint = 'run this test again with UPDATE=1, then npm run format';
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), generated, hint);
  });
}
