// A PDF among the outputs of a report file: its options in YAML, and what is refused with the line.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { definitionHash } from '../../../src/reports/definition-hash.js';
import { parseReport } from '../../../src/reports/load-report.js';

const START = `source: vendas
columns: { org: text, tipo: text, dia: date, produto: text, valor: decimal }
filters: { organization: org, product-type: tipo, product: t.nome }
order-by: [org, tipo, dia]
outputs:
`;
const parse = (options: string) =>
  parseReport(
    'queries/v.sql',
    `/*---\n${START}  - { format: pdf, key: "v_{YYYYMMDD}.pdf"${options} }\n---*/\nSELECT 1\n`,
  );
const dialect = (options: string) => parse(options).outputs[0]?.dialect;

describe('the options', () => {
  for (const [options, taken] of [
    ['', {}],
    [
      ', locale: pt-BR, booleans: S/N, strict: true, overflow: cut',
      { locale: 'pt-BR', booleans: 'S/N', strict: true, overflow: 'cut' },
    ],
    [', page: A3 landscape', { page: { size: 'A3', orientation: 'landscape' } }],
    [', page: { size: letter, margins: 15 }', { page: { size: 'letter', margins: 15 } }],
    [', group-by: organization', { 'group-by': ['org'] }],
    [', group-by: [organization, product-type]', { 'group-by': ['org', 'tipo'] }],
    [', group-by: [org, product-type, dia]', { 'group-by': ['org', 'tipo', 'dia'] }],
    [', attach: csv', { attach: ['csv'] }],
    [', attach: [csv, manifest]', { attach: ['csv', 'manifest'] }],
    [', tagged: false', { tagged: false }],
    [', tagged: true', { tagged: true }],
  ] as const) {
    test(options || 'none', () => assert.deepEqual(dialect(options), taken));
  }
});

describe('what is refused, with the line', () => {
  for (const [options, said] of [
    [', page: A5', /outputs\.0: no page is "A5"\. Give a size/],
    [', page: { size: A5 }', /outputs\.0\.page\.size: found "A5"/],
    [', page: { margin: 5 }', /outputs\.0\.page\.margin: unknown key; did you mean "margins"/],
    [', page: { margins: 70 }', /outputs\.0: margins of 70 mm leave too little/],
    [', group-by: [tipo, org]', /group-by "tipo", "org" needs.*order-by: \[tipo, org, dia\]/],
    [', group-by: product', /"product" is "t\.nome" in filters, which is no exported column/],
    [', group-by: organisation', /"organisation", which is no word.*did you mean "organization"/],
    [', group-by: [org, organization]', /group-by has "org" twice/],
    [', group-by: []', /outputs\.0\.group-by/],
    [', overflow: clip', /outputs\.0\.overflow: found "clip"/],
    [', attach: [pdf]', /outputs\.0\.attach\.0: found "pdf"/],
    [', attach: pdf', /nothing to attach is called "pdf"\. There are: csv, manifest/],
    [', tagged: maybe', /outputs\.0\.tagged: found "maybe"/],
    [', logo: nicht-da.png', /nicht-da\.png/],
    [', compress: gzip', /pdf is compressed already/],
    [', sheet: Dados', /pdf has no option "sheet"/],
  ] as const) {
    test(options, () =>
      assert.throws(
        () => parse(options),
        (error: Error) => error.message.startsWith('queries/v.sql:7: ') && said.test(error.message),
      ),
    );
  }

  test('an option of PDF in another format', () => {
    const yaml = START.replace('outputs:\n', 'outputs: [{ format: csv, key: a.csv, page: A4 }]\n');
    assert.throws(
      () => parseReport('queries/v.sql', `/*---\n${yaml}---*/\nSELECT 1\n`),
      /csv has no option "page"/,
    );
  });
});

test('the hash of the definition is of what options mean, not of how they are spelled', () => {
  const hash = (options: string) => definitionHash(parse(options), {});
  assert.equal(hash(', page: landscape a4'), hash(', page: { orientation: landscape, size: A4 }'));
  assert.equal(hash(', group-by: organization'), hash(', group-by: [org]'));
  assert.notEqual(hash(', group-by: org'), hash(''));
  assert.notEqual(hash(', tagged: false'), hash(''));
});
