// `reportctl help TOPIC`: pages of the documentation that come with the program, laid out for the terminal.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf, ReportError } from '../../core/errors.js';
import { type Block, blocksOf, section, terminalLines } from './markdown.js';

interface Topic {
  /** A page of docs/en. */
  readonly page: string;
  /** The headings of its sections to show; without them the whole page. */
  readonly sections?: readonly string[];
}

export const TOPICS: Readonly<Record<string, Topic>> = {
  environment: { page: 'environment.md' },
  'exit-codes': { page: 'exit-codes.md', sections: ['Exit codes', 'Messages'] },
  json: { page: 'exit-codes.md', sections: ['Results as JSON'] },
  reports: { page: 'report-file.md' },
};

/** Columns: longer lines are hard to read. */
const MAX_LINE_WIDTH = 100;

/** @param width of the terminal. @throws ReportError `unexpected` when the page is not where it was installed */
export async function topicLines(word: string, width: number): Promise<string[]> {
  return terminalLines(await topicBlocks(word), Math.min(width, MAX_LINE_WIDTH));
}

/** The blocks of a topic that there is. @throws ReportError `unexpected` when the page is not where it was installed */
export async function topicBlocks(word: string): Promise<Block[]> {
  const { page, sections } = TOPICS[word] ?? { page: '' };
  const blocks = blocksOf(await readPage(page));
  if (sections === undefined) return blocks;
  return sections.flatMap((text): Block[] => [{ kind: 'heading', level: 2, text }, ...section(blocks, text)]);
}

async function readPage(page: string): Promise<string> {
  // docs/ of the nearest folder above dist/, src/commands/help/ or build/src/commands/help/.
  const places = ['..', '../../..', '../../../..'].map(
    (folder) => new URL(`${folder}/docs/en/${page}`, import.meta.url),
  );
  const place = places.find((url) => existsSync(url));
  try {
    return await readFile(place ?? `docs/en/${page}`, 'utf8');
  } catch (error) {
    throw new ReportError('unexpected', `help: reading docs/en/${page}: ${messageOf(error)}`, {
      hint: 'Install reportctl again: the page is a part of its package.',
      cause: error,
    });
  }
}
