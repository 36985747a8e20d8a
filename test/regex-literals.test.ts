// No regular expression of src/ takes more than linear time, whatever it is tested on.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './support/cli.js';
import { alternations, assertEnds, isSuperlinear, UNITS } from './support/hostile-text.js';
import { regexLiterals } from './support/regex-literals.js';

/** Units in a text: enough that quadratic time (9 million steps) is not mistaken for linear time (3,000). */
const TIMES = 3_000;
/** Linear time is a tenth of it. */
const SUSPICIOUS_MS = 1.5;

/** What the pattern takes too long for, or undefined. */
function slowText(source: string, flags: string, times = TIMES): string | undefined {
  const pattern = new RegExp(source, flags.includes('g') ? flags : `${flags}g`);
  const plain = source.replace(/\\./g, '');
  const words = [...(source.match(/\w{2,}/g) ?? []), ...plain.split(/[[\](){}|*+?^$]/)];
  const own = UNITS.filter((unit) => [' ', '\n', '1', 'a', '"'].includes(unit) || plain.includes(unit));
  const long = [...new Set(words)].filter(({ length }) => length > 1);
  const units = [...UNITS, ...long, ...alternations([...own, ...long])];
  const use = (text: string) => void text.replace(pattern, '');
  return units.find((unit) => isSuperlinear(use, unit, times, SUSPICIOUS_MS));
}

test('every regular expression literal of src/ takes linear time', async () => {
  const folder = join(ROOT, 'src');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts')).sort();
  const slow: string[] = [];
  let count = 0;
  for (const file of files) {
    for (const { source, flags, line } of regexLiterals(await readFile(join(folder, file), 'utf8'))) {
      count += 1;
      const unit = assertEnds(`${file}:${line} /${source}/${flags}`, () => slowText(source, flags));
      if (unit !== undefined)
        slow.push(`${file}:${line} /${source}/${flags} on ${JSON.stringify(unit)}, repeated`);
    }
  }
  assert.deepEqual(slow, []);
  assert.ok(count > 300, `${count} literals were found`);
});

test('the measurement finds what is slow', () => {
  // Which space comes first depends on the machine: a short text may take a fast one less than the suspicious time.
  assert.match(slowText('<table\\s[^>]*>', '', 1_500) ?? 'nothing', /^\s<table$/);
  assert.equal(slowText('[\\r\\n]+', ''), undefined);
});

test('literals are found, and nothing else', () => {
  const text = [
    "const a = /x[/'`]\\/y/g; // /comment/",
    "const b = 4 / 2 / c[0] / (1 + 1) / 1; const s = '/string/';",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template
    'const t = `/template/ ${a.replace(/in/, `${1}/no/`)} /no/`;',
    'return /* /comment/ */ /r/su.test(t);',
  ].join('\n');
  assert.deepEqual(
    regexLiterals(text).map(({ source, flags, line }) => `${line} /${source}/${flags}`),
    ["1 /x[/'`]\\/y/g", '3 /in/', '4 /r/su'],
  );
});
