// reportctl completion: prints the completion scripts of shells; and `reportctl __complete`, which the scripts call for candidates.
import type { Writable } from 'node:stream';
import { Argument, Command } from 'commander';
import { bashReplies, bashWord, bashWords } from './completion/bash-words.js';
import { type Candidates, findCandidates, type Program } from './completion/candidates.js';
import { SCRIPTS } from './completion/scripts.js';
import { withChoices } from './shared/choices.js';
import type { Context } from './shared/context.js';
import { printLines } from './shared/print.js';

export function completionCommand(context: Context): Command {
  return new Command('completion')
    .description('prints the script that makes a shell complete commands, reports, filters and values')
    .addArgument(withChoices(new Argument('<shell>', 'the shell'), Object.keys(SCRIPTS)))
    .action((shell: string) => {
      context.stdout.write(SCRIPTS[shell] ?? '');
    });
}

/**
 * Prints the candidates for `__complete bash LINE WORD`, where LINE ends at the cursor and WORD is the part of it that bash replaces,
 * or `__complete zsh|fish WORDS…`, where the last word is the one at the cursor. The first line is `words`, `nospace` (the word
 * continues after a candidate) or `files`; a line for each candidate follows, quoted for bash, else with a tab and a description.
 * An error prints no candidates, because a prompt cannot show it. Never throws.
 */
export async function complete(args: readonly string[], program: Program): Promise<void> {
  const [shell, ...rest] = args;
  const { stdout } = program.context;
  try {
    if (shell === 'bash') {
      const [line = '', word = ''] = rest;
      const words = bashWords(line);
      const found = await findCandidates(words, program);
      const at = bashWord(line, word);
      printAnswer(
        stdout,
        found,
        bashReplies(
          found.items.map(({ value }) => value),
          at,
        ),
      );
    } else {
      const found = await findCandidates(rest, program);
      printAnswer(
        stdout,
        found,
        found.items.map(({ value, description }) => (description ? `${value}\t${description}` : value)),
      );
    }
  } catch {
    printAnswer(stdout, { kind: 'words', items: [] }, []);
  }
}

function printAnswer(stdout: Writable, { kind }: Candidates, lines: readonly string[]): void {
  printLines(stdout, [kind, ...lines]);
}
