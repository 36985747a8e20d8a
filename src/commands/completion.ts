// reportctl completion: the scripts for shells; and `reportctl __complete`, which they ask what can come next.
import type { Writable } from 'node:stream';
import { Argument, Command } from 'commander';
import { bashReplies, bashWord, bashWords } from './completion/bash-words.js';
import { type Candidates, candidates, type Known } from './completion/candidates.js';
import { SCRIPTS } from './completion/scripts.js';
import { withChoices } from './shared/choices.js';
import type { Context } from './shared/context.js';
import { printLines } from './shared/print.js';

export function completionCommand(context: Context): Command {
  return new Command('completion')
    .description('the script that makes a shell complete commands, reports, filters and values')
    .addArgument(withChoices(new Argument('<shell>', 'the shell'), Object.keys(SCRIPTS)))
    .action((shell: string) => {
      context.stdout.write(SCRIPTS[shell] ?? '');
    });
}

/**
 * Answers `__complete bash LINE WORD`, where LINE ends at the cursor and WORD is what bash would replace of it, and
 * `__complete zsh|fish WORDS…`, of which the last is the one at the cursor. The first line says `words`, `nospace` (more
 * of the word is to come) or `files`; then come the candidates, for bash quoted, else each with a tab and a description.
 * Whatever goes wrong there are no candidates: a prompt is no place for an error. Never throws.
 */
export async function complete(args: readonly string[], known: Known): Promise<void> {
  const [shell, ...rest] = args;
  const { stdout } = known.context;
  try {
    if (shell === 'bash') {
      const [line = '', word = ''] = rest;
      const words = bashWords(line);
      const found = await candidates(words, known);
      const at = bashWord(line, word);
      answer(
        stdout,
        found,
        bashReplies(
          found.items.map(({ value }) => value),
          at,
        ),
      );
    } else {
      const found = await candidates(rest, known);
      answer(
        stdout,
        found,
        found.items.map(({ value, description }) => (description ? `${value}\t${description}` : value)),
      );
    }
  } catch {
    answer(stdout, { kind: 'words', items: [] }, []);
  }
}

function answer(stdout: Writable, { kind }: Candidates, lines: readonly string[]): void {
  printLines(stdout, [kind, ...lines]);
}
