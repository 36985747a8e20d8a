// `reportctl help man`: the manual page, in roff with the macros of man(7), from the same definitions and pages as the help.
import { type Argument, Command, type Option } from 'commander';
import { toolVersion } from '../../core/version.js';
import { addCommonOptions, type Context } from '../shared/context.js';
import { GROUPS, VERBS } from '../verbs.js';
import type { Block } from './markdown.js';
import { topicBlocks } from './topics.js';

/** @param description what the program is for, in one sentence */
export async function manPage(description: string, context: Context): Promise<string> {
  const groups = await Promise.all(
    Object.entries(GROUPS).map(async ([group, title]) => {
      const verbs = Object.entries(VERBS).filter(([, verb]) => verb.group === group);
      const sections = verbs.map(async ([name, { load, examples }]) =>
        verbSection(name, await load(context), examples),
      );
      return [macro('SH', title.replace(/:$/, '').toUpperCase()), ...(await Promise.all(sections)).flat()];
    }),
  );
  const common = addCommonOptions(new Command());
  const lines = [
    macro('TH', 'REPORTCTL', '1', '', toolVersion()),
    macro('SH', 'NAME'),
    'reportctl \\- exports reports from databases and publishes them',
    macro('SH', 'SYNOPSIS'),
    '.B reportctl',
    '.I command',
    '[options] [arguments]',
    macro('SH', 'DESCRIPTION'),
    roff(description),
    macro('SH', 'OPTIONS OF EVERY COMMAND'),
    ...common.options.flatMap((option) => tagged(option.flags, option.description)),
    ...tagged('-h, --help', 'what a command does and takes'),
    ...groups.flat(),
    ...(await topicSection('exit-codes', 'EXIT STATUS', 'Exit codes')),
    ...(await topicSection('environment', 'ENVIRONMENT', 'Variables')),
    macro('SH', 'SEE ALSO'),
    'reportctl help environment, reportctl help exit\\-codes, reportctl help json, reportctl help reports',
  ];
  return `${lines.join('\n')}\n`;
}

function verbSection(name: string, command: Command, examples: readonly string[]): string[] {
  const shared = new Set(addCommonOptions(new Command()).options.map(({ flags }) => flags));
  const own = command.options.filter(({ flags, hidden }) => !shared.has(flags) && !hidden);
  const describe = ({ description, argChoices }: Argument | Option) =>
    argChoices === undefined ? description : `${description} (${argChoices.join(', ')})`;
  return [
    macro('SS', `reportctl ${name}`),
    `.B reportctl ${roff(name)}`,
    roff(command.usage()),
    '.PP',
    roff(command.description()),
    ...command.registeredArguments.flatMap((argument) => tagged(argument.name(), describe(argument))),
    ...own.flatMap((option) => tagged(option.flags, describe(option))),
    '.PP',
    'Examples:',
    ...literal(examples),
  ];
}

/** The first table of a topic's section. */
async function topicSection(word: string, title: string, heading: string): Promise<string[]> {
  const blocks = await topicBlocks(word);
  const start = blocks.findIndex((block) => block.kind === 'heading' && block.text === heading);
  const table = blocks
    .slice(start)
    .find((block): block is Block & { kind: 'table' } => block.kind === 'table');
  const [, ...rows] = table?.rows ?? [];
  return [macro('SH', title), ...rows.flatMap(([term = '', ...more]) => tagged(term, more.join('; ')))];
}

function tagged(term: string, text: string): string[] {
  return ['.TP', `.B ${roff(term)}`, roff(text)];
}

function literal(lines: readonly string[]): string[] {
  return ['.PP', '.RS 4', '.nf', ...lines.map(roff), '.fi', '.RE'];
}

function macro(name: string, ...words: readonly string[]): string {
  return `.${name} ${words.map((word) => `"${roff(word).replaceAll('"', '""')}"`).join(' ')}`;
}

/** A text in which roff sees no request: escapes, hyphens that are typed, a dot or an apostrophe that begins a line. Code is bold. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/`([^`]+)`/g, '\\fB$1\\fP')
    .replace(/^(?=[.'])/, '\\&');
}
