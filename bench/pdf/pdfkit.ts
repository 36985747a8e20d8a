// For bench/pdf.ts: the same table, from COPY text, by pdfkit with every text placed by hand, which is its fastest way.
// Arguments: rows, output, font, bold font ('' for both: pdfkit's own Helvetica, which is not embedded), columns as title|edge|L or R.
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import PDFDocument from 'pdfkit';

const [input = '', output = '', regular = '', bold = '', ...specifications] = process.argv.slice(2);
const columns = specifications.map((specification) => {
  const [title = '', edge, side] = specification.split('|');
  return { title, edge: Number(edge), right: side === 'R' };
});
const [LEFT, RIGHT, TOP, LINE, ROWS_A_PAGE] = [28.35, 813.54, 28.35, 11, 44];

const document = new PDFDocument({ size: 'A4', layout: 'landscape', margin: 0, autoFirstPage: false });
document.registerFont('regular', regular || 'Helvetica').registerFont('bold', bold || 'Helvetica-Bold');
const written = document.pipe(createWriteStream(output));
const onOneLine = { lineBreak: false };

function drawCells(texts: readonly string[], y: number): void {
  for (const [index, { edge, right }] of columns.entries()) {
    const text = texts[index] ?? '';
    if (text === '\\N') continue;
    document.text(text, right ? edge - document.widthOfString(text) : edge, y, onOneLine);
  }
}

let rows = 0;
let pages = 0;
for await (const line of createInterface({ input: createReadStream(input) })) {
  const place = rows++ % ROWS_A_PAGE;
  if (place === 0) {
    document.addPage();
    document.font('bold').fontSize(9).text("The bench's table, as it is", LEFT, TOP, onOneLine);
    document.fontSize(7);
    document.text(
      `página ${++pages}`,
      RIGHT - document.widthOfString(`página ${pages}`),
      TOP + 516,
      onOneLine,
    );
    drawCells(
      columns.map(({ title }) => title),
      TOP + 14,
    );
    document.font('regular').lineWidth(0.25);
  }
  const y = TOP + 26 + place * LINE;
  document.moveTo(LEFT, y).lineTo(RIGHT, y).stroke();
  drawCells(line.split('\t'), y + 1.5);
}
document.end();
await once(written, 'close');
