// README and docs: they say what the code does, their links resolve, their sentences are short, and both languages say the same.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { main } from '../src/commands/main.js';
import { VARIABLES } from '../src/core/config/variables.js';
import { EXIT_CODES, messageOf } from '../src/core/errors.js';
import { DIMENSIONS } from '../src/core/filter.js';
import { KINDS } from '../src/core/table.js';
import { parseDefinition } from '../src/reports/definition/definition.js';
import { ALL_OPTIONS } from '../src/writers/index.js';
import { ROOT } from './support/cli.js';

/** Bytes of each README. */
const README_LIMIT = 8192;
/** Words of a sentence. */
const SENTENCE_LIMIT = 35;

const LANGUAGES = ['en', 'pt-BR'] as const;
type Language = (typeof LANGUAGES)[number];
/** Every page: its path from ROOT in each language. */
const PAGES = [
  { en: 'README.md', 'pt-BR': 'README.pt-BR.md' },
  ...pagesOf('en').map((page) => ({ en: `docs/en/${page}`, 'pt-BR': `docs/pt-BR/${page}` })),
];
const PATHS = PAGES.flatMap((pair) => LANGUAGES.map((language) => pair[language]));
const texts = new Map<string, string>();

function read(path: string): string {
  const known = texts.get(path) ?? readFileSync(join(ROOT, path), 'utf8');
  texts.set(path, known);
  return known;
}

/** The pages of a language, relative to its folder. */
function pagesOf(language: Language): string[] {
  const folder = join(ROOT, 'docs', language);
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return entries.filter((name) => name.endsWith('.md')).sort();
}

async function helpOf(...command: string[]): Promise<string> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const surroundings = { env: {}, cwd: ROOT, stdin: new PassThrough().end(), stdout, stderr };
  const signal = new AbortController().signal;
  assert.equal(await main([...command, '--help'], { ...surroundings, signal }), 0);
  return String(stdout.read());
}

const commands = [...(await helpOf()).matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1] ?? '');
const helpTexts = new Map(
  await Promise.all(commands.map(async (command) => [command, await helpOf(command)] as const)),
);

describe('the pages', () => {
  it('are the same in both languages', () => {
    assert.deepEqual(pagesOf('pt-BR'), pagesOf('en'));
  });

  for (const language of LANGUAGES) {
    describe(language, () => {
      const readme = PAGES[0]?.[language] ?? '';
      const page = (name: string) => read(`docs/${language}/${name}`);

      it(`has a README of at most ${README_LIMIT} bytes, with every command`, () => {
        assert.ok(Buffer.byteLength(read(readme)) <= README_LIMIT);
        const documented = [...read(readme).matchAll(/^\| `reportctl ([a-z]+)/gm)].map((match) => match[1]);
        assert.deepEqual(documented.toSorted(), commands.toSorted());
      });

      it('has a page for every command, with its help as it is', () => {
        const files = pagesOf(language).flatMap((name) => /^commands\/(.*)\.md$/.exec(name)?.[1] ?? []);
        assert.deepEqual(files, commands.toSorted());
        for (const command of commands) {
          const block = `\`\`\`text\n${helpTexts.get(command)?.trimEnd()}\n\`\`\`\n<!-- end of help -->`;
          assert.ok(
            page(`commands/${command}.md`).includes(block),
            `npm run docs writes commands/${command}.md`,
          );
        }
      });

      it('has every page and command in the index', () => {
        const linked = linksOf(page('README.md')).map(({ target }) => target);
        for (const name of pagesOf(language))
          if (name !== 'README.md') assert.ok(linked.includes(name), name);
      });

      it('names every filter, kind, dialect option, variable and exit code', () => {
        for (const dimension of DIMENSIONS) assert.ok(page('filters.md').includes(`| \`--${dimension}\` |`));
        for (const name of VARIABLES) assert.ok(page('environment.md').includes(`| \`${name}\``), name);
        for (const code of [...Object.values(EXIT_CODES)])
          assert.ok(page('exit-codes.md').includes(`| ${code} |`), `${code}`);
        assert.ok(page('report-file.md').includes(`\`${KINDS.join(' ')}\``));
        for (const option of Object.keys(ALL_OPTIONS))
          assert.ok(page('formats.md').includes(`| \`--${option}\` |`), option);
      });

      it('names only commands and flags that there are', () => {
        for (const path of [readme, ...pagesOf(language).map((name) => `docs/${language}/${name}`)]) {
          for (const [, command = '', rest = ''] of read(path).matchAll(
            /reportctl ([a-z]+)((?: [^\n`|;>#]*)?)/g,
          )) {
            const help = helpTexts.get(command);
            for (const [flag] of rest.matchAll(/(?<= )--[a-z-]+/g))
              if (help !== undefined)
                assert.ok(help.includes(` ${flag}`), `${path}: ${command} has no ${flag}`);
          }
        }
      });

      it('names every command that takes --json where its result is described', () => {
        for (const [command, help] of helpTexts) {
          const described = page('exit-codes.md').includes(`| \`reportctl ${command}\` |`);
          assert.equal(described, / --json /.test(help), command);
        }
      });

      it('has a heading for every key of a definition', () => {
        const headings = headingsOf(page('report-file.md'));
        const sql = '/*---\nsource: x\ncolumns: { a: { kind: text } }\n@\n---*/\nSELECT 1';
        const documents = 'source: x\ncollection: x\ncolumns: { a: { kind: text } }\n@\n';
        const keys = [
          ...keysAt('x.sql', sql, '?: 1', ''),
          ...keysAt('x.yaml', documents, '?: 1', ''),
          ...keysAt('x.sql', sql.replace('{ kind: text }', '{ kind: text, ?: 1 }'), '', 'columns.'),
          ...keysAt('x.yaml', documents.replace('{ kind: text }', '{ kind: text, ?: 1 }'), '', 'columns.'),
          ...keysAt('x.yaml', documents, 'filters: { date: { path: x, ?: 1 } }', 'filters.'),
          ...keysAt('x.sql', sql, 'filters: { status: { column: x, ?: 1 } }', 'filters.'),
          ...keysAt('x.sql', sql, 'params: { p: { kind: text, ?: 1 } }', 'params.'),
          ...keysAt('x.sql', sql, 'gates: { ?: 1 }', 'gates.'),
          ...keysAt('x.sql', sql, 'expect-by: { time: "02:00", days: 1, ?: 1 }', 'expect-by.'),
          ...keysAt('x.sql', sql, 'wait-for: { query: SELECT 1, ?: 1 }', 'wait-for.'),
          ...keysAt('x.yaml', documents, 'wait-for: { collection: x, ?: 1 }', 'wait-for.'),
          ...keysAt('x.sql', sql, 'outputs: [{ format: csv, key: x, ?: 1 }]', 'outputs.'),
          ...keysAt('x.sql', sql, 'tests: [{ run: 2024-10-05, ?: 1 }]', 'tests.'),
        ];
        const expected = [...new Set(keys)].map((key) => `\`${key}\``).toSorted();
        assert.deepEqual(headings.filter((heading) => /^`/.test(heading)).toSorted(), expected);
      });
    });
  }
});

/** The keys that are allowed where `?` stands, from the complaint about a key that there is not. `@` becomes the line. */
function keysAt(file: string, text: string, line: string, prefix: string): string[] {
  try {
    parseDefinition(file, text.replace('@', line).replace('?', 'no-such-key'), { cwd: ROOT });
  } catch (error) {
    const [, list] = /allowed: (.*?)\)?$/.exec(messageOf(error)) ?? [];
    assert.ok(list, messageOf(error));
    return list.split(', ').map((key) => `${prefix}${key}`);
  }
  return assert.fail(`${line} was taken`);
}

describe('the links', () => {
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  for (const path of [...PATHS, 'docs/architecture.md']) {
    it(`of ${path} resolve, on GitHub and in the package`, () => {
      for (const { target, anchor } of linksOf(read(path))) {
        if (/^https?:/.test(target)) continue;
        const linked = target === '' ? path : normalize(join(dirname(path), target));
        assert.ok(existsSync(join(ROOT, linked)), `${target}: no such file`);
        // npm ships these whatever `files` says.
        const isShipped = files.includes(linked.split('/')[0] ?? '') || /^(README|LICENSE)/.test(linked);
        assert.ok(isShipped, `${target} is not in the package`);
        if (anchor !== undefined) assert.ok(anchorsOf(read(linked)).includes(anchor), `${target}#${anchor}`);
      }
    });
  }
});

describe('the sentences', () => {
  for (const path of [...PATHS, 'docs/architecture.md']) {
    it(`of ${path} have at most ${SENTENCE_LIMIT} words`, () => {
      const long = sentencesOf(read(path)).filter(({ length }) => length > SENTENCE_LIMIT);
      assert.deepEqual(
        long.map((words) => `${words.length}: ${words.join(' ')}`),
        [],
      );
    });
  }
});

describe('the translation', () => {
  for (const pair of PAGES) {
    it(`has all of ${pair.en} and no more: headings, code, tables, links, numbers`, () => {
      const [english, portuguese] = [read(pair.en), read(pair['pt-BR'])];
      const other = (from: string, to: string) => relative(dirname(from), to);
      assert.ok(english.includes(`[Português](${other(pair.en, pair['pt-BR'])})`));
      assert.ok(portuguese.includes(`[English](${other(pair['pt-BR'], pair.en)})`));
      const sections = sectionsOf(english);
      const translated = sectionsOf(portuguese);
      const levels = (of: typeof sections) => of.map(({ heading }) => heading.replace(/ .*/, ''));
      assert.deepEqual(levels(translated), levels(sections));
      for (const [index, { heading, ...facts }] of sections.entries()) {
        const { heading: _, ...found } = translated[index] ?? { heading };
        assert.deepEqual(found, facts, `the section "${heading}" of ${pair.en}, in ${pair['pt-BR']}`);
      }
    });
  }

  it('has the words of the glossary in both languages', () => {
    // The header row, whose words name the language, and the line below it are left out.
    const wordsOf = (language: Language) =>
      [...read(`docs/${language}/glossary.md`).matchAll(/^\| (.+?) \| (.+?) \|/gm)]
        .slice(1)
        .map(([, word = '', translation = '']) => [word, translation]);
    const reversed = wordsOf('pt-BR').map(([word, translation]) => [translation, word]);
    assert.ok(reversed.length > 0);
    assert.deepEqual(reversed, wordsOf('en'));
  });
});

describe('the variables', () => {
  it('reads no variable of ours that is not in the list', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.ts'))) {
      for (const [name] of read(`src/${file}`).matchAll(/\bREPORTCTL_(?!(?:TEST_)?SOURCE)[A-Z0-9_]+\b/g)) {
        assert.ok((VARIABLES as readonly string[]).includes(name), `${file} speaks of ${name}`);
      }
    }
  });
});

/** Fenced blocks, also in a list, and indented ones at the left margin. */
const CODE = /^( *)```(\w+)\n.*?^\1```$|(?:^ {4}(?! )[^\n]*\n)+/gms;

function withoutCode(text: string): string {
  return text.replaceAll(CODE, '').replaceAll(/<!--.*?-->/gs, '');
}

function headingsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map((match) => match[1] ?? '');
}

/** As GitHub makes them: lower case, letters, digits, `_` and `-`; a heading that comes again is numbered. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return headingsOf(text).map((heading) => {
    const plain = heading.replaceAll(/\]\([^)]*\)/g, '').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

interface Link {
  /** Empty for a link within the page. */
  readonly target: string;
  readonly anchor: string | undefined;
}

function linksOf(text: string): Link[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => {
    const [target = '', anchor] = (match[1] ?? '').split('#');
    return { target, anchor };
  });
}

/** The words of each sentence of the prose and of the cells of tables; code in a sentence is one word. */
function sentencesOf(text: string): string[][] {
  return withoutCode(text)
    .replaceAll(/`[^`\n]+`/g, 'code')
    .replaceAll(/\]\([^)]*\)/g, '')
    .split(/\n\s*\n|^\s*(?:[-*]|\d+\.|#+) |\||(?<=[.!?][)*"]*)\s+(?=[\p{Lu}*[\d]|code)/mu)
    .map((sentence) => sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)));
}

/** What a section has in every language. Blocks of code count without their comments, which are translated, but for what the tool prints. */
function sectionsOf(text: string) {
  const blocks: string[] = [];
  const prose = text.replaceAll(CODE, (block, _indent: string, language?: string) => {
    const printed = language === 'console' || language === 'text';
    return `<${blocks.push(printed ? block : block.replaceAll(/ +(?:#|--) .*$/gm, ''))}>`;
  });
  return prose.split(/^(?=#)/m).map((section) => {
    const words = section.replaceAll(/<(\d+)>|`[^`]+`|\]\([^)]+\)/g, '');
    return {
      heading: /^#.*/.exec(section)?.[0] ?? '',
      code: [...section.matchAll(/<(\d+)>/g)].map((match) => blocks[Number(match[1]) - 1]),
      words: [...new Set(section.match(/`[^`]+`/g))].toSorted(),
      rows: [...section.matchAll(/^\| (.+?) \|/gm)].map((match) => match[1]?.match(/`[^`]+`|\d+/g)),
      links: linksOf(section)
        // Anchors are headings, which are translated; that they exist is tested above.
        .map(({ target }) =>
          target.replace(/\b(?:en|pt-BR)\//, '<language>/').replace('README.pt-BR.md', 'README.md'),
        )
        .toSorted(),
      numbers: (words.match(/(?<![\p{L}\d-])\d[\d.,:]*/gu) ?? [])
        .map((number) => number.replaceAll(/\D/g, ''))
        .toSorted(),
    };
  });
}
