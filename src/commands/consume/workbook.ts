// What the lines of every reader of workbooks need to know about a published one.
import { ReportError } from '../../core/errors.js';
import { DATA_SHEET, nextSheetName, SHEET_ROWS } from '../../writers/xlsx/options.js';
import { localTimeRemark, type PublishedFile } from './file.js';

/**
 * The names of the sheets with the rows, in order.
 * @throws ReportError `usage` for a template, whose first row is not known
 */
export function dataSheets({ manifest }: PublishedFile): string[] {
  const { dialect, rows } = manifest;
  if (dialect.template !== undefined) {
    throw new ReportError(
      'usage',
      'consume: in a workbook made from a template, the row where the data begins is not known',
      {
        hint: 'Take the CSV of the same period, or add one to the outputs of the report.',
      },
    );
  }
  const base = String(dialect.sheet ?? DATA_SHEET);
  const names = [base];
  // The header takes a row of each sheet.
  while (names.length * (SHEET_ROWS - 1) < rows) names.push(nextSheetName(base, names));
  return names;
}

/** For remarks: what is not in a workbook as it was in the source. */
export function workbookRemarks({ manifest }: PublishedFile): string[] {
  const { columns, timezone } = manifest;
  return [
    'Excel keeps 15 digits of a number and milliseconds of a timestamp, and null and the empty text look the same: the CSV is exact',
    ...columns
      .filter(({ kind, offset }) => kind === 'timestamp' && offset !== 'never')
      .map(({ name }) => localTimeRemark(name, timezone)),
  ];
}
