// The README says what the code does: every command, flag, filter, variable and exit code.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { VARIABLES } from '../src/config.js';
import { EXIT_CODES } from '../src/errors.js';
import { csvOptions } from '../src/report/definition.js';
import { DIMENSIONS, KINDS } from '../src/table.js';
import { reportctl } from './support/cli.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

describe('README', () => {
  it('has every command of --help, and no other', async () => {
    const { stdout } = await reportctl(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1]);
    assert.ok(commands.length >= 5);
    const table = readme.slice(readme.indexOf('## Commands'));
    const documented = [...table.matchAll(/^\| `reportctl ([a-z]+)/gm)].map((match) => match[1]);
    assert.deepEqual(documented.toSorted(), commands.toSorted());
  });

  it('shows export --help as it is', async () => {
    const { stdout } = await reportctl(['export', '--help']);
    assert.ok(
      readme.includes(stdout.trimEnd()),
      'run `reportctl export --help` and paste it into the README',
    );
  });

  it('names every filter, kind, dialect option, variable and exit code', () => {
    const words = [
      ...DIMENSIONS.map((dimension) => `\`--${dimension}\``),
      ...VARIABLES.map((variable) => `| \`${variable}\``),
      ...[...new Set(Object.values(EXIT_CODES))].filter((code) => code < 7).map((code) => `| ${code} |`),
    ];
    for (const word of words) assert.ok(readme.includes(word), `the README lacks ${word}`);
    assert.ok(readme.includes(`\`${KINDS.join(' ')}\``));
    for (const option of Object.keys(csvOptions)) assert.match(readme, new RegExp(`\\b${option}\\b`));
  });

  it('reads no variable of ours that is not in the list', async () => {
    const files = await readdir(new URL('../src', import.meta.url), { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.ts'))) {
      const text = await readFile(new URL(`../src/${file}`, import.meta.url), 'utf8');
      for (const [name] of text.matchAll(/\bREPORTCTL_(?!(?:TEST_)?SOURCE)[A-Z0-9_]+\b/g)) {
        assert.ok((VARIABLES as readonly string[]).includes(name), `${file} speaks of ${name}`);
      }
    }
  });
});
