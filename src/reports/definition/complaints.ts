// What is wrong with a definition, in the words of whoever wrote it.
import * as z from 'zod';
import { didYouMean } from '../../core/errors.js';
import type { Path } from './yaml-text.js';

type Issue = z.core.$ZodIssue;

/** The issue to report: of a union, the issue of the alternative that matched furthest. */
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
  // A misspelt key makes two issues: it is unknown, and the right one is missing. Only the first has a suggestion.
  return (
    flat.find((issue) => issue.code === 'unrecognized_keys') ??
    flat[0] ?? { code: 'custom', path: [...prefix], message: 'not valid', input: undefined }
  );
}

function relevance(issue: Issue): number {
  // The path of an unknown key is the path of its mapping, one step less deep than the key.
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
 * The path of what is wrong, and a sentence: what was found and what is allowed.
 * @param schema of the whole document, for the keys that it has where an unknown one stands
 */
export function explain(issue: Issue, schema: z.ZodType): [Path, string] {
  const found = foundIn(issue.input);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const key = String(issue.keys[0]);
      return [[...issue.path, key], `unknown key; ${didYouMean(key, allowedKeys(schema, issue.path))}`];
    }
    case 'invalid_value':
      return [issue.path, `found ${found}; ${didYouMean(String(issue.input), issue.values.map(String))}`];
    case 'invalid_type':
      return [issue.path, `found ${found}; ${WORDS[issue.expected] ?? issue.expected} is needed`];
    default:
      return [issue.path, `found ${found}; ${issue.message}`];
  }
}

function foundIn(input: unknown): string {
  // JSON has no such number: 1e999 in YAML is infinite.
  if (typeof input === 'number' && !Number.isFinite(input)) return 'a number that is too large, or none';
  return input === undefined ? 'nothing' : JSON.stringify(input);
}

/** The keys that a schema allows in the mapping at a path; of a union, the keys of all alternatives. */
function allowedKeys(schema: z.ZodType, path: Path): string[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return allowedKeys(schema.unwrap() as z.ZodType, path);
  }
  if (schema instanceof z.ZodUnion) {
    const alternatives = schema.options as readonly z.ZodType[];
    return [...new Set(alternatives.flatMap((alternative) => allowedKeys(alternative, path)))];
  }
  const [key, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    if (key === undefined) return Object.keys(schema.shape);
    const value = (schema.shape[String(key)] ?? schema.def.catchall) as z.ZodType | undefined;
    return value === undefined ? [] : allowedKeys(value, rest);
  }
  if (key === undefined) return [];
  if (schema instanceof z.ZodRecord) return allowedKeys(schema.valueType as z.ZodType, rest);
  if (schema instanceof z.ZodArray) return allowedKeys(schema.element as z.ZodType, rest);
  return [];
}
