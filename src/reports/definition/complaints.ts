// What the validation of a definition found, in the words of its author.
import type { z } from 'zod';
import { didYouMean } from '../../core/errors.js';
import type { Path } from './yaml-text.js';

type Issue = z.core.$ZodIssue;

/** In a union, the complaint of the alternative that got furthest is the one that helps. */
export function deepest(issues: readonly Issue[], prefix: Path = []): Issue {
  const flat = issues.map((issue): Issue => {
    const path = [...prefix, ...issue.path];
    if (issue.code !== 'invalid_union') return { ...issue, path };
    const alternatives = issue.errors.filter((branch) => branch.length > 0);
    const best = alternatives
      .map((branch) => deepest(branch, path))
      .sort((a, b) => relevance(b) - relevance(a))[0];
    return best ?? { ...issue, path };
  });
  // A misspelt key also makes the right one missing: its own complaint has the suggestion.
  return (
    flat.find((issue) => issue.code === 'unrecognized_keys') ??
    flat[0] ?? { code: 'custom', path: [...prefix], message: 'not valid', input: undefined }
  );
}

function relevance(issue: Issue): number {
  // An unknown key is one step further in than the mapping that it stands in.
  const depth = issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0);
  return depth * 2 + (issue.code === 'invalid_type' ? 0 : 1);
}

/** What zod expects, in the words of YAML. */
const WORDS: Readonly<Record<string, string>> = {
  object: 'a mapping (name: value)',
  record: 'a mapping (name: value)',
  array: 'a list ([a, b])',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/**
 * Where it is wrong, and how: what was found and what is allowed.
 * @param allowedKeys the keys that the schema has at a path
 */
export function explain(issue: Issue, allowedKeys: (path: Path) => string[]): [Path, string] {
  const found = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const key = String(issue.keys[0]);
      return [[...issue.path, key], `unknown key; ${didYouMean(key, allowedKeys(issue.path))}`];
    }
    case 'invalid_value':
      return [issue.path, `found ${found}; ${didYouMean(String(issue.input), issue.values.map(String))}`];
    case 'invalid_type':
      return [issue.path, `found ${found}; ${WORDS[issue.expected] ?? issue.expected} is needed`];
    default:
      return [issue.path, `found ${found}; ${issue.message}`];
  }
}
