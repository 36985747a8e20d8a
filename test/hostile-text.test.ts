// A megabyte of text from outside keeps no function busy: messages are cut first, everything else takes linear time.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { parseDates } from '../src/core/calendar.js';
import { loadConfig } from '../src/core/config.js';
import { bounded, failureOf } from '../src/core/disclosure.js';
import { parseDuration } from '../src/core/duration.js';
import { didYouMean, errorSentence, messageOf, ReportError, withMessageSuffix } from '../src/core/errors.js';
import { MAX_LINE, MAX_QUOTED, printable } from '../src/core/foreign-text.js';
import { createLog } from '../src/core/log.js';
import { SecretUrl } from '../src/core/secret-url.js';
import { parseAddress, splitAddress } from '../src/destinations/address.js';
import { explain as explainFile } from '../src/destinations/file/failures.js';
import { explain as explainS3 } from '../src/destinations/s3/failures.js';
import { parseFilter } from '../src/filters/index.js';
import { parseManifest, parseRunRecord } from '../src/publish/documents.js';
import { safeSegment, unknownTokens } from '../src/reports/key.js';
import { plainDecimal } from '../src/rows/sort/numbers.js';
import { parseIso } from '../src/sources/documents/instants.js';
import { sourceError as mongoError } from '../src/sources/mongodb/errors.js';
import { tokens } from '../src/sources/postgres/dialect.js';
import { sourceError as postgresError } from '../src/sources/postgres/errors.js';
import { conjuncts } from '../src/sources/postgres/plan.js';
import { neutraliser } from '../src/writers/csv/formulas.js';
import { unescaped as readUnescaped } from '../src/writers/xlsx/read/workbook.js';
import {
  lostTable,
  pivotFor,
  RangeNames,
  tableFor,
  workbookFor,
} from '../src/writers/xlsx/template/around.js';
import { withCellFormulas, withoutResults } from '../src/writers/xlsx/template/cells.js';
import { sharedTexts } from '../src/writers/xlsx/template/grid.js';
import { chartFor, grown, rulesFor } from '../src/writers/xlsx/template/growth.js';
import { shifted } from '../src/writers/xlsx/template/references.js';
import { modelOf } from '../src/writers/xlsx/template/sheet.js';
import { attributeOf, elementsOf, unescaped, withAttribute } from '../src/writers/xlsx/template/xml.js';
import { fitting, spelled } from '../src/writers/xlsx/text.js';
import { assertEnds, isSuperlinear, repeated, UNITS } from './support/hostile-text.js';

const MEGABYTE = 1_000_000;
const MEGABYTES = UNITS.map((unit) => [unit, repeated(unit, MEGABYTE / unit.length)] as const);
/** Text that has a meaning for a reader. */
const PIECES = [
  ' \n',
  '" ',
  "\\'",
  '. ',
  '<a ',
  '<table ',
  '<row><c>',
  '&amp;',
  '=a;',
  '..',
  '{a}',
  '{"a":',
  '[0,',
];
const TIMES = 30_000;
/** Linear time is well below, even where every character becomes a token. */
const SUSPICIOUS_MS = 150;

const context = { timezone: 'UTC', today: '2026-01-31' };
const reach = { model: 2, lastModel: 2, last: 9 };
const log = await createLog({ format: 'text', level: 'info', stream: sink(), run: 'r' });
const jsonLog = await createLog({ format: 'json', level: 'info', stream: sink(), run: 'r' });

function sink(): PassThrough {
  return new PassThrough().resume();
}

/** What makes a line of somebody else's text: at most a few kilobytes, whatever it gets. */
const LINES: Readonly<Record<string, (text: string) => string>> = {
  messageOf: (text) => messageOf(new Error(text)),
  'messageOf what is no error': (text) => messageOf(text),
  'message of an error that quotes the error': (text) =>
    messageOf(new ReportError('usage', `x: ${messageOf(text)}`)),
  errorSentence: (text) => errorSentence(new ReportError('usage', text, { hint: text, retryable: true })),
  reason: (text) => new ReportError('usage', '', { reason: text }).reason,
  withMessageSuffix: (text) => withMessageSuffix(new Error(text), text).message,
  'failureOf our error': (text) => failureOf(new ReportError('usage', text, { hint: text })).message,
  'failureOf another': (text) =>
    failureOf(Object.assign(new Error(text), { name: text, exitCode: 130 })).message,
  printable,
  bounded,
  didYouMean: (text) => didYouMean(text, ['date', 'price']),
  PostgreSQL: (text) =>
    postgresError('x', Object.assign(new Error(text), { code: '22P02', detail: text, hint: text })).message,
  MongoDB: (text) => mongoError('x', Object.assign(new Error(text), { codeName: text.slice(0, 99) })).message,
  S3: (text) =>
    explainS3('x', Object.assign(new Error(text), { name: 'Odd', code: text.slice(0, 99) })).message,
  'file system': (text) => explainFile('x', new Error(text)).message,
};

/** What reads somebody else's text; it may refuse it, with a ReportError. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'log as text': (text) => log.warn(text),
  'log as JSON': (text) => jsonLog.warn(text),
  SecretUrl: (text) => [new SecretUrl(text), new SecretUrl(`postgres://${text}`)].map(String),
  'dates filter': (text) => parseFilter('date', [text], context),
  'number filter': (text) => parseFilter('price', [text], context),
  'text filter': (text) => parseFilter('product', [text], context),
  parseDates: (text) => parseDates(text, context.today),
  parseDuration,
  parseAddress,
  splitAddress,
  'S3 address': (text) => parseAddress(`s3://${text}`),
  unknownTokens: (text) => unknownTokens(text, ['a']),
  safeSegment,
  manifest: (text) => parseManifest(Buffer.from(text), 'x'),
  'run record': (text) => parseRunRecord(Buffer.from(`{"report":${JSON.stringify(text)}}`), 'x'),
  plainDecimal,
  parseIso,
  SQL: (text) => tokens(text),
  conjuncts,
  neutraliser: neutraliser(';'),
  'XLSX text': (text) => [spelled(text), fitting(text, () => undefined)],
  'XML that is read': (text) => readUnescaped(text, () => 'x'),
  "template's text": (text) => unescaped(text),
  "template's table": (text) => [tableFor(text, reach), lostTable(text, 1)],
  "template's workbook": (text) => workbookFor(text, 'x', reach, new RangeNames(text)),
  "template's formula": (text) => [
    grown(text, { sheetName: 'x', isOwn: true }, 'cell', reach),
    shifted(text, 1, 1),
  ],
  "template's cells": (text) => [withoutResults(text), withCellFormulas(text, (formula) => `${formula}+1`)],
  "template's chart": (text) => chartFor(text, 'x', reach),
  "template's pivot table": (text) => pivotFor(text, 'x', reach),
  "template's rules": (text) => rulesFor(text, { sheetName: 'x', isOwn: true }, reach),
  "template's strings": (text) => sharedTexts(text),
  "template's sheet": (text) => modelOf(`<sheetData>${text}</sheetData>`, 2),
  "template's attribute": (text) => [attributeOf(`<a ${text}>`, 'b'), withAttribute(`<a ${text}>`, 'b', 'c')],
  config: (text) => loadConfig({ env: { REPORTCTL_RETRY_FOR: text, REPORTCTL_WEBHOOK_URL: text }, cwd: '/' }),
};

/** A refusal is an answer; its message is as short as every other. */
function answer(read: (text: string) => unknown, text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    assert.ok(error.message.length <= 2 * MAX_LINE);
    return undefined;
  }
}

for (const [name, line] of Object.entries(LINES)) {
  test(`${name}: a short line of a megabyte of anything`, () => {
    for (const [unit, text] of MEGABYTES) {
      const said = assertEnds(`${name} of ${JSON.stringify(unit)}`, () => line(text));
      assert.ok(
        said.length <= 2 * MAX_LINE + 200,
        `${name} of ${JSON.stringify(unit)}: ${said.length} characters`,
      );
    }
  });
}

for (const [name, read] of Object.entries(READERS)) {
  test(`${name}: linear time, whatever it reads`, () => {
    const slow = [...UNITS, ...PIECES].filter((unit) =>
      assertEnds(`${name} of ${JSON.stringify(unit)}`, () =>
        isSuperlinear((text) => void answer(read, text), unit, TIMES, SUSPICIOUS_MS),
      ),
    );
    assert.deepEqual(slow, []);
  });
}

test('elements of a template that never end, and attributes', () => {
  for (const unit of [
    '<row>',
    '<row ',
    '<row r="1">',
    '<row/>',
    '</row>',
    '<row></row>',
    "<row r='",
    '<row r="',
  ])
    assertEnds(unit, () => repeated(unit, MEGABYTE / 10).match(elementsOf('row')));
});

test('a long message keeps its start and its end, and says how much is left out', () => {
  const said = messageOf(new Error(`invalid input: "${'x'.repeat(MEGABYTE)}" at character 9`));
  assert.match(said, /^invalid input: "x+… \(998032 characters left out\) …x+" at character 9$/);
  assert.ok(said.length < MAX_QUOTED + 60);
});

test('a cut leaves no half of a character', () => {
  for (const before of ['', 'x']) {
    assert.doesNotMatch(messageOf(new Error(before + '😀'.repeat(MEGABYTE / 2))), /\p{Cs}/u);
    assert.doesNotMatch(printable(before + '😀'.repeat(MEGABYTE / 2)), /\p{Cs}/u);
  }
});

test('line breaks and the blanks around them become one blank, all other blanks stay', () => {
  assert.equal(printable('  a  b \r\n\n\t c\n'), '  a  b c ');
  assert.equal(messageOf(new Error(' \n a  b \n c \n')), 'a  b c');
  assert.equal(printable('a\n \n b'), 'a b');
});

test('a hint names a near word, and none in which every letter is another one', () => {
  assert.equal(didYouMean('statu', ['date', 'status']), 'did you mean "status"? (allowed: date, status)');
  assert.equal(didYouMean('O', ['o']), 'did you mean "o"? (allowed: o)');
  for (const word of ['', '1']) assert.equal(didYouMean(word, ['o']), 'allowed: o');
});

test('a hint lists sixty words at most', () => {
  const said = didYouMean(
    'x',
    Array.from({ length: 10_000 }, (_, index) => `report-${index}`),
  );
  assert.match(said, /^allowed: report-0, .*report-59, and 9940 more$/);
});
