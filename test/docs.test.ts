// The README says what the code does: every command, flag, filter, variable and exit code; and its translation what it says.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { VARIABLES } from '../src/core/config.js';
import { EXIT_CODES } from '../src/core/errors.js';
import { DIMENSIONS } from '../src/core/filter.js';
import { KINDS } from '../src/core/table.js';
import { csvOptions } from '../src/reports/definition/definition.js';
import { reportctl } from './support/cli.js';

const READMES = ['README.md', 'README.pt-BR.md'] as const;
const [english, portuguese] = await Promise.all([read(READMES[0]), read(READMES[1])]);

function read(name: string): Promise<string> {
  return readFile(new URL(`../${name}`, import.meta.url), 'utf8');
}

for (const [name, readme] of [
  [READMES[0], english],
  [READMES[1], portuguese],
] as const) {
  describe(name, () => {
    it('has every command of --help, and no other', async () => {
      const { stdout } = await reportctl(['--help']);
      const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1]);
      assert.ok(commands.length >= 5);
      const documented = [...readme.matchAll(/^\| `reportctl ([a-z]+)/gm)].map((match) => match[1]);
      assert.deepEqual(documented.toSorted(), commands.toSorted());
    });

    it('shows export --help as it is', async () => {
      const { stdout } = await reportctl(['export', '--help']);
      assert.ok(
        readme.includes(stdout.trimEnd()),
        `run \`reportctl export --help\` and paste it into ${name}`,
      );
    });

    it('names every filter, kind, dialect option, variable and exit code', () => {
      const words = [
        ...DIMENSIONS.map((dimension) => `\`--${dimension}\``),
        ...VARIABLES.map((variable) => `| \`${variable}\``),
        ...[...new Set(Object.values(EXIT_CODES))].filter((code) => code < 7).map((code) => `| ${code} |`),
      ];
      for (const word of words) assert.ok(readme.includes(word), `${name} lacks ${word}`);
      assert.ok(readme.includes(`\`${KINDS.join(' ')}\``));
      for (const option of Object.keys(csvOptions)) assert.match(readme, new RegExp(`\\b${option}\\b`));
    });
  });
}

describe('the translation', () => {
  it('has all of README.md and no more: headings, code, tables, links, numbers', () => {
    assert.ok(english.includes('\n[Português](README.pt-BR.md)\n'));
    assert.ok(portuguese.includes('\n[English](README.md)\n'));
    const translated = sectionsOf(portuguese);
    const sections = sectionsOf(english);
    const levels = (of: typeof sections) => of.map(({ heading }) => heading.replace(/ .*/, ''));
    assert.deepEqual(levels(translated), levels(sections));
    for (const [index, { heading, ...facts }] of sections.entries()) {
      const { heading: _, ...found } = translated[index] ?? { heading };
      assert.deepEqual(found, facts, `the section "${heading}" of README.md, in README.pt-BR.md`);
    }
  });
});

describe('the variables', () => {
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

/** What a section has in every language. Blocks of code count without their comments, which are translated, but for what the tool prints. */
function sectionsOf(text: string) {
  const blocks: string[] = [];
  const prose = text.replaceAll(/^```(\w+)\n.*?^```$|(?:^ {4}[^\n]*\n)+/gms, (block, language?: string) => {
    const printed = language === 'console' || language === 'text';
    return `<${blocks.push(printed ? block : block.replaceAll(/ +# .*$/gm, ''))}>`;
  });
  return prose.split(/^(?=#)/m).map((section) => {
    const words = section.replaceAll(/<(\d+)>|`[^`]+`|\]\([^)]+\)/g, '');
    return {
      heading: /^#.*/.exec(section)?.[0] ?? '',
      code: [...section.matchAll(/<(\d+)>/g)].map((match) => blocks[Number(match[1]) - 1]),
      words: [...new Set(section.match(/`[^`]+`/g))].toSorted(),
      rows: [...section.matchAll(/^\| (.+?) \|/gm)].map((match) => match[1]?.match(/`[^`]+`|\d+/g)),
      links: [...section.matchAll(/\]\((?!README)([^)]+)\)/g)].map((match) => match[1]).toSorted(),
      numbers: (words.match(/(?<![\p{L}\d-])\d[\d.,:]*/gu) ?? [])
        .map((number) => number.replaceAll(/\D/g, ''))
        .toSorted(),
    };
  });
}
