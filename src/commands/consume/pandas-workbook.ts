// Python for pandas to read a published workbook.
import type { Kind } from '../../core/table.js';
import { booleanWords } from '../../writers/words/booleans.js';
import { type PublishedFile, remarks } from './file.js';
import { dataSheets, workbookRemarks } from './workbook.js';

/** The conversion of a column by its kind: a value of `cells`, where nothing is null. */
const CONVERSIONS: Readonly<Record<Kind, (cells: string) => string>> = {
  text: (cells) => `${cells}.astype("string")`,
  json: (cells) => `${cells}.astype("string")`,
  integer: (cells) => `pd.array([pd.NA if pd.isna(cell) else int(cell) for cell in ${cells}], dtype="Int64")`,
  decimal: (cells) =>
    `pd.Series([None if pd.isna(cell) else Decimal(str(cell)) for cell in ${cells}], dtype="object", index=table.index)`,
  boolean: (cells) => `${cells}.astype("boolean")`,
  date: (cells) => `moments(${cells})`,
  timestamp: (cells) => `moments(${cells})`,
};

/** A Python function: dates that Excel does not have are texts in the workbook. */
const MOMENTS_FUNCTION = [
  '',
  'def moments(cells):',
  '    if cells.map(lambda cell: isinstance(cell, str)).any():',
  '        warnings.warn(cells.name + " stays as Excel has it: some of its values are no dates to Excel")',
  '        return cells',
  '    return pd.to_datetime(cells)',
  '',
];

/** The lines that read a workbook. @throws ReportError `usage` for a template, whose first row is not known */
export function pandasWorkbookLines(published: PublishedFile): string[] {
  const { location, manifest } = published;
  const { columns, dialect, rows } = manifest;
  const sheets = dataSheets(published);
  const kinds = new Set(columns.map(({ kind }) => kind));
  const hasMoments = kinds.has('date') || kinds.has('timestamp');
  const hasWords = typeof dialect.booleans === 'string' && booleanWords(dialect.booleans) !== undefined;
  return [
    ...remarks('#', published, ['needs: pip install pandas openpyxl', ...workbookRemarks(published)]),
    ...(hasMoments ? ['import warnings'] : []),
    ...(kinds.has('decimal') ? ['from decimal import Decimal'] : []),
    'import pandas as pd',
    '',
    'sheets = pd.read_excel(',
    `    ${JSON.stringify(location)},`,
    `    sheet_name=[${sheets.map((name) => JSON.stringify(name)).join(', ')}],`,
    '    header=0,',
    `    names=[${columns.map(({ name }) => JSON.stringify(name)).join(', ')}],`,
    '    dtype="object",',
    '    keep_default_na=False,',
    '    na_values=[""],',
    ')',
    'table = pd.concat(list(sheets.values()), ignore_index=True)',
    `assert len(table) <= ${rows}`,
    '# pandas leaves out rows without any value at the end',
    `table = table.reindex(range(${rows}))`,
    ...(hasMoments ? MOMENTS_FUNCTION : []),
    ...columns.map(({ name, kind }) => {
      const cells = `table[${JSON.stringify(name)}]`;
      return `${cells} = ${CONVERSIONS[kind === 'boolean' && hasWords ? 'text' : kind](cells)}`;
    }),
  ];
}
