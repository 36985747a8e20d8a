// The options of PDF: what their words mean, and which are refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  attachmentsOf,
  type Logo,
  languageOf,
  PAGE_SIZES,
  PDF_FILE,
  type PdfOptions,
  pageOf,
  pdfOptions,
} from '../../src/writers/pdf/options.js';

describe('the words of a page', () => {
  for (const [words, page] of [
    ['A4', { size: 'A4' }],
    ['a3 Landscape', { size: 'A3', orientation: 'landscape' }],
    ['portrait, 12.5mm, LETTER', { size: 'letter', orientation: 'portrait', margins: 12.5 }],
    ['0', { margins: 0 }],
  ] as const) {
    test(words, () => assert.deepEqual(pageOf(words), page));
  }

  for (const words of ['', 'A5', 'A4 A3', 'portrait landscape', '10 10', '-5', 'A4x', '10 cm']) {
    test(`${JSON.stringify(words)} is refused with the words that there are`, () => {
      assert.throws(() => pageOf(words), {
        code: 'usage',
        hint: /A4, A3, letter, legal.*portrait, landscape/,
      });
    });
  }

  test('every size is upright', () => {
    for (const [width, height] of Object.values(PAGE_SIZES)) assert.ok(width < height);
  });
});

test('only what there is can be attached', () => {
  assert.deepEqual(attachmentsOf(['manifest', 'csv']), ['manifest', 'csv']);
  assert.throws(() => attachmentsOf(['xlsx']), { code: 'usage', hint: 'There are: csv, manifest.' });
});

test('booleans are words of the locale unless others are given', () => {
  assert.deepEqual(languageOf({ locale: 'pt-BR' }).booleans, { true: 'Sim', false: 'Não' });
  assert.deepEqual(languageOf({ locale: 'pt-BR', booleans: 'S/N' }).booleans, { true: 'S', false: 'N' });
  assert.equal(languageOf({}).booleans, undefined);
  assert.throws(() => languageOf({ booleans: 'Sim' }), { code: 'usage' });
});

test('a report file spells them as YAML does', () => {
  const takes = (name: keyof typeof pdfOptions, value: unknown) => pdfOptions[name].safeParse(value).success;
  assert.ok(takes('page', { size: 'A3', orientation: 'landscape', margins: 15 }));
  assert.ok(takes('page', 'A3 landscape'));
  assert.ok(!takes('page', { size: 'A5' }));
  assert.ok(!takes('page', { margins: -1 }));
  assert.ok(!takes('page', { margin: 10 }));
  assert.ok(takes('group-by', ['organization', 'product-type']));
  assert.ok(takes('group-by', 'organization'));
  assert.ok(!takes('group-by', []));
  assert.ok(takes('tagged', false));
  assert.ok(!takes('tagged', 'yes'));
  assert.ok(!takes('overflow', 'clip'));
  assert.ok(!takes('attach', ['xlsx']));
  assert.ok(!takes('logo', ''));
});

test('a manifest and the hash of a definition have a logo by its content, not by its place', () => {
  const logo: Logo = {
    file: 'logo.png',
    sha256: 'a'.repeat(64),
    path: () => '/x/logo.png',
    bytes: () => Buffer.from('x'),
  };
  const options: PdfOptions = { logo };
  assert.deepEqual(JSON.parse(JSON.stringify(options)), { logo: { file: logo.file, sha256: logo.sha256 } });
});

test('its files are PDF', () => {
  assert.deepEqual(PDF_FILE, { extension: 'pdf', contentType: 'application/pdf' });
});
