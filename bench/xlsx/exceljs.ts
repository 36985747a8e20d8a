// For bench/xlsx.ts: the same rows, from COPY text on stdin, by exceljs's streaming writer, as its README has it.
import { createInterface } from 'node:readline';
import excel from 'exceljs';

const KINDS = ['number', 'text', 'date', 'number', 'number', 'text', 'text', 'text', 'text', 'text'];
const FORMATS: Readonly<Record<string, string>> = { date: 'yyyy-mm-dd hh:mm:ss', text: '@' };

const workbook = new excel.stream.xlsx.WorkbookWriter({ filename: process.argv[2] ?? '', useStyles: true });
const sheet = workbook.addWorksheet('Dados');
sheet.columns = KINDS.map((kind, index) => ({
  header: `coluna ${index + 1}`,
  style: { numFmt: FORMATS[kind] ?? 'General' },
}));
for await (const line of createInterface({ input: process.stdin })) {
  const cells = line.split('\t').map((cell, column) => {
    if (cell === '\\N') return null;
    if (KINDS[column] === 'number') return Number(cell);
    return KINDS[column] === 'date' ? new Date(`${cell.slice(0, 19).replace(' ', 'T')}Z`) : cell;
  });
  sheet.addRow(cells).commit();
}
sheet.commit();
await workbook.commit();
