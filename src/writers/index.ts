// The registry of formats: a new one is one file here and one line in REGISTRY.
import * as z from 'zod';
import { didYouMean, ReportError } from '../core/errors.js';
import type { Format, OptionContext, SpelledOptions } from '../core/format.js';
import type { About, Writer } from '../core/writer.js';
import { csv } from './csv.js';
import { pdf } from './pdf.js';
import { xlsx } from './xlsx.js';

export type { About } from '../core/writer.js';

/** By the word that users type. The first is the default, and the faster a format is read back, the earlier it stands. */
const REGISTRY = { csv, xlsx, pdf };

type Word = keyof typeof REGISTRY;
type OptionsOf<F> = F extends Format<infer Options> ? Options : never;
type Intersection<T> = (T extends unknown ? (value: T) => void : never) extends (value: infer All) => void
  ? All
  : never;

/** The options of all formats together; each format takes its own only. */
export type WriterOptions = Intersection<OptionsOf<(typeof REGISTRY)[Word]>>;

export const FORMAT_NAMES = Object.keys(REGISTRY) as [Word, ...Word[]];
export const DEFAULT_FORMAT: Word = FORMAT_NAMES[0];

/** The schemas of all options by name; an option of several formats is one schema. */
export const ALL_OPTIONS: Readonly<Record<string, z.ZodType>> = Object.assign(
  {},
  ...Object.values(REGISTRY).map(({ options }) => options),
);

/** @throws ReportError `usage` for a format that does not exist */
export function formatOf(word: string): Format<WriterOptions> {
  if (Object.hasOwn(REGISTRY, word)) return REGISTRY[word as Word];
  throw new ReportError('usage', `no format "${word}"`, { hint: `${didYouMean(word, FORMAT_NAMES)}.` });
}

/** The format whose files have this ending (without a dot), or undefined. */
export function formatWithExtension(extension: string): string | undefined {
  return FORMAT_NAMES.find((word) => REGISTRY[word].extension === extension);
}

/**
 * The options as createWriter() takes them.
 * @param options undefined values count as absent, and names that no format has are left out
 * @param compress a word of `--compress`
 * @throws ReportError `usage` for a format that does not exist, for an option of another format, and for a second compression;
 * `definition` for a file that cannot be read, and what `context` throws
 */
export function readOptions(
  word: string,
  options: SpelledOptions,
  context: OptionContext,
  compress?: string | undefined,
): WriterOptions {
  const format = formatOf(word);
  assertOwnOptions(word, options);
  if (compress !== undefined && format.isCompressed) {
    throw new ReportError(
      'usage',
      `${word} is compressed already; ${compress} would make it something else`,
      {
        hint: `Leave out compress for ${word}.`,
      },
    );
  }
  const given = Object.keys(ALL_OPTIONS).flatMap((name) =>
    options[name] === undefined ? [] : [[name, options[name]] as const],
  );
  const present: SpelledOptions = Object.fromEntries(given);
  return format.fromSpelled?.(present, context) ?? present;
}

/**
 * @param about what a format with room for it says about the rows
 * @throws ReportError `usage` for a format that does not exist, or options that it does not take
 */
export async function createWriter(word: string, options: WriterOptions, about: About = {}): Promise<Writer> {
  const format = formatOf(word);
  assertOwnOptions(word, options);
  return format.create(options, about, (other) => createWriter(other, {}, about));
}

/** Imports all that writers of these formats need, also for files inside of files. */
export async function preloadFormats(
  outputs: readonly { readonly format: string; readonly dialect: WriterOptions }[],
): Promise<void> {
  const words = outputs.flatMap(({ format, dialect }) => [format, ...(dialect.attach ?? [])]);
  const formats = FORMAT_NAMES.filter((word) => words.includes(word));
  await Promise.all(formats.map((word) => createWriter(word, {})));
}

function assertOwnOptions(word: string, options: SpelledOptions): void {
  const own = Object.keys(formatOf(word).options);
  const foreign = Object.keys(ALL_OPTIONS).find((name) => options[name] !== undefined && !own.includes(name));
  if (foreign === undefined) return;
  throw new ReportError('usage', `${word} has no option "${foreign}"`, {
    hint: `It has: ${own.join(', ')}.`,
  });
}

/** An option as a command line has it. */
export interface OptionFlag {
  readonly name: string;
  /** Such as `--delimiter <character>`. */
  readonly flags: string;
  readonly description: string;
  /** The only values that it takes; undefined for any text, and for a flag without a value. */
  readonly choices: readonly string[] | undefined;
}

/** The options of all formats as flags of a command line, in the order of the help. */
export function optionFlags(): OptionFlag[] {
  return Object.entries(ALL_OPTIONS).map(([name, schema]) => {
    const { argument, description = '' } = schema.meta() ?? {};
    const type = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
    return {
      name,
      flags: argument === undefined ? `--${name}` : `--${name} ${argument}`,
      description,
      choices: choicesOf(type),
    };
  });
}

function choicesOf(type: unknown): string[] | undefined {
  if (type instanceof z.ZodEnum) return type.options.map(String);
  // A report file has `true`, a command line the text.
  if (type instanceof z.ZodUnion && type.options[0] instanceof z.ZodBoolean)
    return choicesOf(type.options[1]);
  return undefined;
}
