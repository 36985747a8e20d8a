// Schedules: one report file as several reports, and what its definition must say for that.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { periodContaining } from '../../src/core/calendar.js';
import { ReportError } from '../../src/core/errors.js';
import { parseFilter } from '../../src/filters/index.js';
import { definitionHash, formerDefinitionHash } from '../../src/reports/definition-hash.js';
import { expandKey } from '../../src/reports/key.js';
import { loadReport, parseReport } from '../../src/reports/load-report.js';
import type { Report } from '../../src/reports/report.js';
import { requestOf } from '../../src/reports/request.js';
import { publishedReports, scheduledReport, scheduledReports } from '../../src/reports/scheduled-reports.js';
import { temporaryFolder } from '../support/cli.js';

const OWN = '  - { format: csv, key: "r_{YYYYMMDD}.csv" }\n';
const THEIRS = '  - { format: csv, key: "{organization}/{project}/r_{YYYYMMDD}.csv", locale: pt-BR }\n';
const START = `source: vendas
columns: { a: text }
filters: { date: d, organization: o }
labels: { project: vendas }
gates: { min-rows: 1 }
`;
const SCHEDULES = `schedules:
  "ACME Ltda": month
  "Órfão & Filhos": fortnight
  007: day
`;

const file = (yaml: string) => `/*---\n${yaml}---*/\nSELECT 1\n`;
const parse = (yaml: string) => parseReport('queries/vendas.sql', file(yaml));
const both = parse(`${START}${SCHEDULES}outputs:\n${OWN}${THEIRS}`);

const keys = ({ outputs }: Report) => outputs.map(({ key }) => key);

describe('a report with schedules', () => {
  test('is itself without the outputs of its schedules, and one report for each organization', () => {
    assert.deepEqual(keys(both), ['r_{YYYYMMDD}.csv']);
    const reports = publishedReports(both);
    assert.deepEqual(
      reports.map(({ name, period, organization }) => [name, period, organization]),
      [
        ['vendas', 'day', undefined],
        ['vendas@ACME Ltda', 'month', 'ACME Ltda'],
        ['vendas@Órfão _ Filhos~1d8480bd', 'fortnight', 'Órfão & Filhos'],
        ['vendas@007', 'day', '007'],
      ],
    );
    const [, acme, orfao] = reports;
    assert.ok(acme !== undefined && orfao !== undefined);
    assert.deepEqual(
      [acme.query, acme.columns, acme.gates, acme.timezone],
      [both.query, both.columns, both.gates, both.timezone],
    );
    assert.deepEqual(publishedReports(acme), [acme], 'it has no schedules of its own');
    const period = periodContaining('fortnight', '2024-10-05');
    const [output] = orfao.outputs;
    assert.equal(output?.dialect.locale, 'pt-BR');
    assert.equal(
      expandKey(output?.key ?? '', { report: 'r', period, extension: 'csv', labels: orfao.labels }),
      'Órfão _ Filhos~1d8480bd/vendas/r_20241015.csv',
    );
  });

  test('without outputs of its own it is not run itself', () => {
    const only = parse(`${START}${SCHEDULES}outputs:\n${THEIRS}`);
    assert.equal(only.outputs.length, 0);
    assert.deepEqual(
      publishedReports(only).map(({ period }) => period),
      ['month', 'fortnight', 'day'],
    );
  });

  test('asks for the rows of its organization, and of no other', () => {
    const acme = scheduledReport(both, 'ACME Ltda');
    const asked = (filters: Parameters<typeof requestOf>[1]['filters']) =>
      requestOf(acme, { filters, params: {} }).filters.map(({ filter, column }) => [
        filter.dimension,
        filter.values,
        column,
      ]);
    const context = { timezone: 'UTC', today: '2024-10-05' };
    const own = ['organization', ['ACME Ltda'], 'o'];
    assert.deepEqual(asked([]), [own]);
    assert.deepEqual(asked([parseFilter('organization', ['ACME Ltda'], context)]), [own]);
    const date = parseFilter('date', ['2024-10'], context);
    assert.deepEqual(asked([date]), [['date', ['2024-10'], 'd'], own]);
    assert.throws(() => asked([parseFilter('organization', ['ACME Ltda', 'Outra'], context)]), {
      code: 'usage',
      message: /"vendas@ACME Ltda" contains only one organization/,
      hint: 'Use the report "vendas".',
    });
    assert.deepEqual(requestOf(both, { filters: [], params: {} }).filters, []);
  });

  test('is found by its name, as a report names it or as the data does', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'vendas.sql'), file(`${START}${SCHEDULES}outputs:\n${THEIRS}`));
    const nameOf = async (named: string) => (await loadReport(named, { queries: folder, cwd: '.' })).name;
    assert.equal(await nameOf('vendas@ACME Ltda'), 'vendas@ACME Ltda');
    assert.equal(await nameOf('vendas@Órfão & Filhos'), 'vendas@Órfão _ Filhos~1d8480bd');
    assert.equal(await nameOf('vendas@Órfão _ Filhos~1d8480bd'), 'vendas@Órfão _ Filhos~1d8480bd');
    await assert.rejects(nameOf('vendas@ACME Lda'), {
      code: 'usage',
      message: /no report "vendas@ACME Lda"/,
      hint: /did you mean "vendas@ACME Ltda"/i,
    });
    await assert.rejects(nameOf('vendas@'), { code: 'usage' });
    await assert.rejects(nameOf('compras@ACME Ltda'), { code: 'usage', message: /no report "compras"/ });
    await rm(folder, { recursive: true });
  });
});

describe('the hash of the definition', () => {
  const hash = (report: Report) => definitionHash(report, {});
  const plain = parse(`${START}outputs:\n${OWN}`);

  test('of a report without schedules is what it was before there were any', () => {
    // Printed by the revision before schedules; another value would make every published period "another definition".
    const former = parseReport(
      'queries/vendas.sql',
      '/*---\nsource: vendas\ncolumns: { a: text, n: integer }\nparams: { p: text }\nlabels: { l: x }\nvolatile: [n]\noutputs:\n  - { format: csv, key: "{l}.csv" }\n---*/\nSELECT 1\n',
    );
    assert.equal(
      formerDefinitionHash(former, { p: '1' }),
      '0fc9c906094d2f709ac0fc8e0f673c8dbdc36908bf86061551fe3a49b71ecf9a',
    );
  });

  test('does not change with schedules that come or go, nor with expect-by', () => {
    assert.equal(hash(both), hash(plain));
    assert.equal(hash(parse(`${START}expect-by: "02:00"\noutputs:\n${OWN}`)), hash(plain));
    const other = parse(`${START}${SCHEDULES}  Outra: day\noutputs:\n${OWN}${THEIRS}`);
    assert.equal(hash(scheduledReport(other, 'ACME Ltda')), hash(scheduledReport(both, 'ACME Ltda')));
  });

  test('is another one for each organization', () => {
    const days = parse(`${START}schedules: { A: day, B: day }\noutputs:\n${THEIRS}`);
    assert.equal(new Set([...scheduledReports(days).map(hash), hash(days)]).size, 3);
  });
});

describe('complaints', () => {
  const wrong: readonly [what: string, yaml: string, line: number, said: RegExp][] = [
    [
      'no filter',
      `source: s\ncolumns: { a: text }\n${SCHEDULES}outputs:\n${THEIRS.replace('/{project}', '')}`,
      4,
      /schedules: filters\.organization is needed/,
    ],
    [
      'no output',
      `${START}${SCHEDULES}outputs:\n${OWN}`,
      7,
      /schedules: an output is needed whose key has \{org/,
    ],
    ['no schedules', `${START}outputs:\n${THEIRS}`, 8, /outputs\.0\.key: \{organization\} needs schedules/],
    [
      'another period',
      `${START}schedules: { A: week }\noutputs:\n${THEIRS}`,
      7,
      /schedules\.A: found "week"; allowed: day, fortnight, month/,
    ],
    ['a list', `${START}schedules: [A]\noutputs:\n${THEIRS}`, 7, /schedules: found \["A"\]; a mapping/],
    [
      'a label of that name',
      `${START.replace('project:', 'organization:')}${SCHEDULES}outputs:\n${THEIRS.replace('/{project}', '')}`,
      5,
      /labels\.organization: it is what schedules call theirs/,
    ],
    [
      'no text of a database',
      `${START}schedules: { "a\\0b": day }\noutputs:\n${THEIRS}`,
      7,
      /schedules\..*not a text that a database can hold/,
    ],
    ['no time', `${START}expect-by: "2:00"\n`, 7, /expect-by: found "2:00"; a time of day such as "02:00"/],
    ['no such time', `${START}expect-by: 24:00\n`, 7, /expect-by: found "24:00"; a time of day/],
    ['no days', `${START}expect-by: { time: "02:00", days: 0 }\n`, 7, /expect-by\.days: found 0; .*>=1/],
    ['another key', `${START}expect-by: { at: "02:00" }\n`, 7, /expect-by\.at: unknown key; .*time, days/],
  ];
  for (const [what, yaml, line, said] of wrong) {
    test(what, () => {
      assert.throws(
        () => parse(yaml),
        (error) => {
          assert.ok(error instanceof ReportError, `${error}`);
          assert.equal(error.code, 'definition');
          assert.match(error.message, new RegExp(`^queries/vendas\\.sql:${line}: `));
          assert.match(error.message, said);
          return true;
        },
      );
    });
  }

  test('a label called organization is one of the report where there are no schedules', () => {
    const report = parse(
      `${START.replace('project: vendas', 'organization: ACME')}outputs:\n${THEIRS.replace('/{project}', '')}`,
    );
    assert.equal(report.outputs.length, 1);
  });
});
