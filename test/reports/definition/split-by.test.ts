// `split-by` of an output: what it names, what the key must say, and what is refused with the line.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { periodContaining } from '../../../src/core/calendar.js';
import { ReportError } from '../../../src/core/errors.js';
import { definitionHash, formerDefinitionHash } from '../../../src/reports/definition-hash.js';
import { expandKey } from '../../../src/reports/key.js';
import { parseReport } from '../../../src/reports/load-report.js';
import { runs } from '../../support/runs.js';

const START = `source: vendas
columns: { id: integer, org: text, produto: text, agora: timestamp, YYYY: text }
filters: { organization: org, product: t.nome }
volatile: [agora]
labels: { project: x }
outputs:
`;

const parse = (yaml: string) => parseReport('queries/vendas.sql', `/*---\n${yaml}\n---*/\nSELECT 1\n`);
const split = (by: string, key: string) =>
  parse(`${START}  - { format: csv, key: "${key}", split-by: ${by} }`).outputs[0]?.splitBy;

describe('what it names', () => {
  test('a dimension is the column that it is mapped to, anything else an exported column', () => {
    assert.deepEqual(split('organization', '{organization}.csv'), [{ word: 'organization', column: 'org' }]);
    assert.deepEqual(split('[org, produto]', '{produto}/{org}/{project}.csv'), [
      { word: 'org', column: 'org' },
      { word: 'produto', column: 'produto' },
    ]);
  });

  test('a dimension that filters does not map can be the name of a column', () => {
    const yaml = `source: v\ncolumns: { product: text }\noutputs:\n  - { format: csv, key: "{product}", split-by: product }`;
    assert.deepEqual(parse(yaml).outputs[0]?.splitBy, [{ word: 'product', column: 'product' }]);
  });

  test('in documents filter and column have a path in common', () => {
    const yaml = `source: v
collection: c
filters: { organization: { path: org.nome, kind: text } }
columns: { id: text, quem: { kind: text, path: org.nome } }
outputs: [{ format: csv, key: "{organization}", split-by: organization }]`;
    const report = parseReport('queries/v.yaml', yaml);
    assert.deepEqual(report.outputs[0]?.splitBy, [{ word: 'organization', column: 'quem' }]);
  });
});

describe('what is refused', () => {
  for (const [what, by, key, said] of [
    [
      'a misspelt word',
      'organisation',
      '{organisation}',
      /"organisation", which is no word of filters and no exported column; did you mean "organization"/,
    ],
    [
      'a dimension that is not mapped',
      'quantity',
      '{quantity}',
      /"quantity" is no exported column, and filters does not map it/,
    ],
    [
      'a dimension whose column is not exported',
      'product',
      '{product}',
      /"product" is "t\.nome" in filters, which is no exported column: what is not in the rows cannot divide them; export it/,
    ],
    [
      'the same column twice',
      '[org, organization]',
      '{org}{organization}',
      /"organization" stands twice: both are the column "org"/,
    ],
    ['a volatile column', 'agora', '{agora}', /"agora" is volatile/],
    ['a word with a meaning in keys', 'YYYY', '{YYYY}', /\{YYYY\} has a meaning in keys already/],
    ['an empty list', '[]', 'a', /split-by/],
    [
      'a key without the token',
      'org',
      'relatorios/{organization}.csv',
      /\{organization\} needs schedules or split-by, which say whose/,
    ],
    [
      'a key without one of the tokens',
      '[org, produto]',
      '{org}.csv',
      /without \{produto\}: the files of the split would be one/,
    ],
    [
      'a name that can be too long for a folder',
      '[org, produto, id]',
      'r_{org}_{produto}_{id}.csv',
      /can be longer than 241 bytes; put a \/ between the tokens/,
    ],
  ] as const) {
    test(what, () => {
      assert.throws(
        () => split(by, key),
        (error: unknown) => {
          assert.ok(error instanceof ReportError);
          assert.equal(error.code, 'definition');
          assert.match(error.message, /^queries\/vendas\.sql:8: outputs\.0\.(split-by|key)\b/);
          assert.match(error.message, said);
          return true;
        },
      );
    });
  }

  test('a label of the same name, and the token where nothing is split', () => {
    const label = START.replace('project: x', 'org: x');
    assert.throws(
      () => parse(`${label}  - { format: csv, key: "{org}", split-by: org }`),
      /\{org\} is a label; call the label otherwise/,
    );
    assert.throws(() => parse(`${START}  - { format: csv, key: "{org}" }`), /unknown token \{org\}/);
  });
});

test('the definition of a report without it is what it was before there was one', () => {
  const yaml =
    'source: vendas\ncolumns: { a: text, n: integer }\nlabels: { l: x }\nvolatile: [n]\noutputs:\n  - { format: csv, key: "{l}.csv", bom: true }\n  - { format: xlsx, key: "{l}.xlsx" }';
  assert.equal(
    formerDefinitionHash(parse(yaml), { p: '1' }),
    '4796d2e4c7c86f56c66dbcd7871577307f21670f29f2f6693bc09e58d69dfc43',
  );
  const other = yaml.replace('bom: true', 'split-by: a').replace('{l}.csv', '{a}.csv');
  assert.notEqual(definitionHash(parse(other), { p: '1' }), definitionHash(parse(yaml), { p: '1' }));
});

test('two combinations of values never share a key, and none leads out of its place', () => {
  const value = fc.option(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.constantFrom(
        '',
        '.',
        '..',
        'a/b',
        'a\\b',
        'a:b',
        '_null',
        '_reportctl',
        '_QUARANTINE',
        'é',
        'e\u0301',
        '🍕',
      ),
      fc.string({ minLength: 290, maxLength: 300 }),
    ),
  );
  const values = { report: 'r', period: periodContaining('day', '2024-10-05'), extension: 'csv', labels: {} };
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(value, value), { selector: (pair) => JSON.stringify(pair), maxLength: 30 }),
      (pairs) => {
        const keys = pairs.map(([a, b]) => expandKey('{a}/{b}/r.{ext}', { ...values, split: { a, b } }));
        assert.equal(new Set(keys).size, pairs.length);
        for (const key of keys) {
          const segments = key.split('/');
          assert.equal(segments.length, 3);
          assert.ok(
            segments.every(
              (segment) => Buffer.byteLength(segment) <= 80 && !/^\.{0,2}$|\p{Cc}/u.test(segment),
            ),
          );
          assert.doesNotMatch(key, /^_(reportctl|quarantine)\//i);
        }
      },
    ),
    { numRuns: runs(150) },
  );
});
