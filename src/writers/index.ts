// The registry of formats: the word of `format:` to the format. A new format is one file and one line here.
import type * as z from 'zod';
import { didYouMean, ReportError } from '../core/errors.js';
import type { Writer } from '../core/writer.js';
import { csv } from './csv.js';
import type { Format, WriterOptions } from './format.js';
import type { About } from './xlsx/options.js';
import { xlsx } from './xlsx.js';

export type { Format, TypedOptions, WriterOptions } from './format.js';
export type { About } from './xlsx/options.js';

const FORMATS: Readonly<Record<string, Format>> = { csv, xlsx };

export const FORMAT_NAMES: readonly string[] = Object.keys(FORMATS);
/** The format of what is printed, and of a file without an ending. */
export const DEFAULT_FORMAT = 'csv';

/** The options of all formats together, each with its schema. */
export const ALL_OPTIONS: Readonly<Record<string, z.ZodType>> = Object.assign(
  {},
  ...Object.values(FORMATS).map(({ options }) => options),
);
const OPTION_NAMES = Object.keys(ALL_OPTIONS) as (keyof WriterOptions)[];

/** Whether the word names a format. */
export function isFormat(name: string): boolean {
  return Object.hasOwn(FORMATS, name);
}

/** @throws ReportError `usage` for a word that is no format */
export function formatOf(name: string): Format {
  const format = isFormat(name) ? FORMATS[name] : undefined;
  if (format !== undefined) return format;
  throw new ReportError('usage', `no format "${name}"`, { hint: `${didYouMean(name, FORMAT_NAMES)}.` });
}

/** Only those of the properties that are options of a format and are given. */
export function pickOptions<T extends object>(given: T): Pick<T, keyof T & keyof WriterOptions> {
  const names = OPTION_NAMES.filter((name) => name in given && given[name as keyof T] !== undefined);
  return Object.fromEntries(names.map((name) => [name, given[name as keyof T]])) as Pick<
    T,
    keyof T & keyof WriterOptions
  >;
}

/**
 * Refuses options that the format does not have.
 * @param options undefined ones count as not given; properties that are no format's options are ignored
 * @param compress a word of `--compress`
 * @throws ReportError `usage`, also for a word that is no format
 */
export function checkOptions(name: string, options: object, compress?: string): void {
  const format = formatOf(name);
  const foreign = Object.keys(pickOptions(options)).find((option) => !Object.hasOwn(format.options, option));
  if (foreign !== undefined) {
    throw new ReportError('usage', `${name} has no option "${foreign}"`, {
      hint: `It has: ${Object.keys(format.options).join(', ')}.`,
    });
  }
  if (compress === undefined || !format.isCompressed) return;
  throw new ReportError('usage', `${name} is compressed already; ${compress} would make it something else`, {
    hint: `Leave out compress for ${name}.`,
  });
}

/**
 * @param about what formats with room for it tell about the rows
 * @throws ReportError `usage` for a word that is no format, or options that the format does not take
 */
export async function createWriter(
  format: string,
  options: WriterOptions,
  about: About = {},
): Promise<Writer> {
  checkOptions(format, options);
  return formatOf(format).create(options, about);
}
