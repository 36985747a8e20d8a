// The identity of a definition: pinned hashes, the order of keys, and periods that were published with the former hash.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { definitionHash, formerDefinitionHash, isDefinition } from '../../src/reports/definition-hash.js';
import { parseReport } from '../../src/reports/load-report.js';
import type { Report } from '../../src/reports/report.js';
import { scheduledReports } from '../../src/reports/scheduled-reports.js';
import { DEFINITIONS } from './definitions.js';

/** Computed by version 0.1, whose run records stand in users' buckets: these texts never change. */
const FORMER: Readonly<Record<string, string>> = {
  'the least': '04c16fffd4e3b267f4753632dc20c1ef3290fd073c4dac56dbc6cda06fc6c6bc',
  'titles and currencies': '4a170d2a367f8c1c5f0bd8a77782fab2fea56d1ea8dd264a47f9b8d4cbfb06e8',
  'all filters, in another order than the documentation has':
    'a77f2c147b84b5f842232cb0910511b05b2206752d80cd9d0eaf0139b48499f4',
  params: 'a8d5d091c729c76d933ee12f0fc1e2d9d16061b80a671276c0cb9741d88ae49a',
  'labels and options of the formats': 'c2286d1be015a7bf614b1f1ceca62519db1467059e841fcba302b3b31a8eb0e9',
  'split-by and schedules': '3331b3310012fb8a5917a5851bbe289c1054e9f2a26c672d5e7f49566c3347ef',
  'documents with a pipeline': '530b6ebc8aaed35301c8c3fe9121db7da0f503e08bb8560e8926b613c0e8a735',
  'gates and the like, which are no part of the hash':
    '6b3ddc1373719215754d1c39cd8065abb7932097dfb92b50ec6c740a2eee31c8',
  'f@ACME Ltda': '68629664549f34eb819a1870429fe9b73d9e3c5fa35fa65fd0e0c541bbfe269a',
  'f@Café _ Cia~4bd56cf7': 'd012ac2ce193e878cf5ecd57061066deaae3cbb26dcf24dd04d4c3ee8f34f6aa',
  'a template': '63ec51cb3b473f3cfb1a48c819c9fc236976fc8d6932933311e6e0b92ed57070',
};

/** The present form: a change here makes every period that was published since 0.2 a different one. */
const PRESENT: Readonly<Record<string, string>> = {
  'the least': '787529bfe70f1b9328ef0b1f2566b2a2d3d82de78ea4e26ce6fefb892518431d',
  'titles and currencies': 'd543ec1e61028f2d6010e81a0837d6be730197fde4c2c4475bc831ba8d082ad7',
  'all filters, in another order than the documentation has':
    '9ee550ccd2c1728622d77a9411a69960928497da39b419f1dc3e50dada152254',
  params: '276555f29199cc1cc597463d0cd001a78610c633933342d7a17a709456bd759c',
  'labels and options of the formats': '3f04521efd71c23e6244ee83864b9b81dd941ed74890e7ee829bac1df0f2ee04',
  'split-by and schedules': '180c4715b6ca9a60a5065fe1de06a091b9fda40c896c44b508f39544a1488c00',
  'f@ACME Ltda': 'a5af261282bbb6b1069901e1ef35eef5dc5a76e835f70aeb11d0e7c3ac6ff170',
  'f@Café _ Cia~4bd56cf7': 'edc724789fad7242849ab8861d978bd2c467097122e95ef2829a6531109d20f4',
  'documents with a pipeline': 'd09230599cf33e616dc11ec4db641209721a98e9e98b35dc63af6e4464ed0189',
  'gates and the like, which are no part of the hash':
    '387ad375d982ded4214841b9482c176ff116ed1dfac349b0ef463d75dd76824a',
  'a template': '500a2e1bdbde6bbc8b1003051dee53b38aee40a4baef3ca8690e6227e839858a',
};

const REPORTS = DEFINITIONS.flatMap(({ name, file, text, params = {} }) => {
  const report = parseReport(file, text);
  const scheduled = scheduledReports(report).map((each) => ({ name: each.name, report: each, params }));
  return [{ name, report, params }, ...scheduled];
});
const withOptions = REPORTS.find(({ name }) => name === 'labels and options of the formats');
assert.ok(withOptions);
const template = {
  file: 'modelo.xlsx',
  sha256: 'a'.repeat(64),
  path: () => '/modelo.xlsx',
  parts: () => new Map(),
};
const outputs = withOptions.report.outputs.map((output) => ({
  ...output,
  dialect: { ...output.dialect, template },
}));
REPORTS.push({ name: 'a template', report: { ...withOptions.report, outputs }, params: {} });

describe('the hash of a definition is pinned', () => {
  test('for as many definitions as there are pins', () => {
    assert.deepEqual(REPORTS.map(({ name }) => name).toSorted(), Object.keys(FORMER).toSorted());
    assert.deepEqual(Object.keys(PRESENT).toSorted(), Object.keys(FORMER).toSorted());
  });
  for (const { name, report, params } of REPORTS) {
    test(name, () => {
      assert.equal(formerDefinitionHash(report, params), FORMER[name]);
      assert.equal(definitionHash(report, params), PRESENT[name]);
      assert.ok(isDefinition(FORMER[name] ?? '', report, params));
      assert.ok(isDefinition(PRESENT[name] ?? '', report, params));
      assert.ok(!isDefinition('0'.repeat(64), report, params));
    });
    test(`${name}: the order of keys in memory changes neither form`, () => {
      const reordered = reversed(report) as Report;
      assert.equal(definitionHash(reordered, reversed(params) as typeof params), PRESENT[name]);
      // Labels and params had the order of the report file in the former form.
      assert.equal(formerDefinitionHash({ ...reordered, labels: report.labels }, params), FORMER[name]);
    });
  }
});

describe('the order of keys in a report file', () => {
  const YAML = {
    source: 'vendas',
    filters: { date: 'dia', product: 'p' },
    params: { a: 'text', b: 'text' },
    columns: { dia: { kind: 'date', title: 'Dia' } },
    labels: { a: 'x', b: 'y' },
    outputs: [{ format: 'csv', key: '{a}/{b}.csv', bom: true, eol: 'crlf' }],
  };
  const parse = (yaml: unknown) => parseReport('queries/a.sql', `/*---\n${stringify(yaml)}---*/\nSELECT 1`);
  const values = { a: '1', b: '2' };

  test('does not matter: labels { a, b } are labels { b, a }', () => {
    const labels = { b: 'y', a: 'x' };
    assert.equal(
      definitionHash(parse({ ...YAML, labels }), values),
      definitionHash(parse(YAML), { b: '2', a: '1' }),
    );
    assert.equal(definitionHash(parse(reversed(YAML)), values), definitionHash(parse(YAML), values));
  });

  test('matters for columns, which are in the order of the file', () => {
    const columns = { a: 'text', b: 'text' };
    const swapped = { b: 'text', a: 'text' };
    const hash = (of: unknown) => definitionHash(parse({ source: 'vendas', columns: of }), {});
    assert.notEqual(hash(columns), hash(swapped));
  });

  test('matters within a pipeline: $sort by a, b is not $sort by b, a', () => {
    const hash = (sort: string) =>
      definitionHash(
        parseReport(
          'queries/a.yaml',
          `source: v\ncollection: c\ncolumns: { a: text }\npipeline: [{ $sort: ${sort} }]\n`,
        ),
        {},
      );
    assert.notEqual(hash('{ a: 1, b: 1 }'), hash('{ b: 1, a: 1 }'));
  });
});

/** The same value with the keys of every object in reverse, but for pipelines. */
function reversed(value: unknown, key = ''): unknown {
  // A template says itself what its JSON is, in this order.
  if (key === 'pipeline' || key === 'template' || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => reversed(item));
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, part]) => [name, reversed(part, name)] as const)
      .toReversed(),
  );
}
