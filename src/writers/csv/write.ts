// Writes CSV (RFC 4180): by csv-stringify, or straight from COPY text where rows arrive as such and the dialect allows it.
import type { Options } from 'csv-stringify/sync';
import type { Cell, Table } from '../../core/table.js';
import type { Writer } from '../../core/writer.js';
import { type CsvOptions, type Dialect, dialect } from './dialect.js';
import { canStayEncoded, EncodedRowsToCsv, type Spelling } from './encoded.js';
import { CSV_FILE } from './file.js';
import { headerSpelling, neutraliser } from './formulas.js';
import { valueSpelling } from './spelling.js';

/** @throws ReportError `usage` for options that would make the file ambiguous */
export async function createCsvWriter(options: CsvOptions): Promise<Writer> {
  const { stringify } = await import('csv-stringify/sync');
  const chosen = dialect(options);
  const stringifyOptions = optionsOf(chosen);
  let neutralised = 0;
  let withoutNul = 0;
  /** psql would cut the line at a NUL and join it with the next one. U+FFFD is what Unicode has for such a character. */
  const replaceNul = (text: string) => {
    if (!text.includes('\0')) return text;
    withoutNul++;
    return text.replaceAll('\0', '\ufffd');
  };

  async function* encode({ columns, batches }: Table): AsyncGenerator<Buffer> {
    const inHeader = headerSpelling(chosen);
    const titles = columns.map(({ title, name }) => {
      const harmless = inHeader(title ?? name);
      if (harmless !== (title ?? name)) neutralised++;
      return replaceNul(harmless);
    });
    yield Buffer.from((chosen.bom ? '\ufeff' : '') + stringify([titles], stringifyOptions));
    const guard = chosen.neutralise ? neutraliser(chosen.delimiter) : (text: string) => text;
    const spellText = (text: string) => {
      const harmless = guard(text);
      if (harmless !== text) neutralised++;
      return replaceNul(harmless);
    };
    const spellings = columns.map(({ kind }) => (kind === 'text' ? spellText : valueSpelling(kind, chosen)));
    const encodedRows = new EncodedRowsToCsv(
      columns.map(({ kind }, index) => ({ kind, spell: spellings[index] })),
      chosen,
    );
    const mayStayEncoded = canStayEncoded(chosen);
    for await (const batch of batches) {
      const { rowCount, encoded } = batch;
      yield mayStayEncoded && encoded !== undefined
        ? encodedRows.encode({ rowCount, encoded })
        : Buffer.from(stringify(respell(batch.rows(), spellings) as Cell[][], stringifyOptions));
    }
  }

  return {
    ...CSV_FILE,
    encode,
    get neutralised() {
      return neutralised;
    },
    notes: () =>
      withoutNul === 0
        ? []
        : [`csv: ${withoutNul} ${withoutNul === 1 ? 'text' : 'texts'} with U+FFFD for a NUL (U+0000)`],
  };
}

function optionsOf({ delimiter, eol, quoteAll, null: nullText }: Dialect): Options {
  // Null and the empty text differ: `quoted_match` is asked of texts only, so that the empty text alone becomes "".
  const matches: RegExp[] = [/^$/];
  const options: Options = {
    delimiter,
    record_delimiter: eol,
    // A lone CR or LF ends a record for many readers, whatever ends ours.
    quote_record_delimiter: true,
    quoted: quoteAll,
    quoted_match: matches,
  };
  if (nullText === '') return options;
  matches.push(new RegExp(`^${nullText.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`));
  // What stands for null is never quoted, as in PostgreSQL's COPY … FORCE_QUOTE.
  const bare = { value: nullText, quoted: false, quoted_match: null };
  return { ...options, cast: { null: () => bare } } as Options;
}

function respell(
  rows: readonly (readonly Cell[])[],
  spellings: readonly Spelling[],
): readonly (readonly Cell[])[] {
  const changing = spellings.flatMap((spell, index) => (spell === undefined ? [] : [{ spell, index }]));
  if (changing.length === 0) return rows;
  return rows.map((row) => {
    const copy = row.slice();
    for (const { spell, index } of changing) {
      const text = copy[index];
      if (typeof text === 'string') copy[index] = spell(text);
    }
    return copy;
  });
}
