"""For bench/pdf.ts: the same table, from COPY text, by ReportLab's canvas with every text placed by hand.
Arguments: rows, output, font, bold font, columns as title|edge|L or R."""
import sys
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

source, output, regular, bold, *specifications = sys.argv[1:]
columns = [(title, float(edge), side == 'R') for title, edge, side in (each.split('|') for each in specifications)]
LEFT, RIGHT, TOP, LINE, ROWS_A_PAGE = 28.35, 813.54, 560, 11, 44

pdfmetrics.registerFont(TTFont('regular', regular))
pdfmetrics.registerFont(TTFont('bold', bold))
canvas = Canvas(output, pagesize=landscape(A4), pageCompression=1)


def draw_cells(texts, y):
    for text, (_, edge, right) in zip(texts, columns):
        if text == '\\N':
            continue
        if right:
            canvas.drawRightString(edge, y, text)
        else:
            canvas.drawString(edge, y, text)


pages = 0
with open(source, encoding='utf-8') as lines:
    for row, line in enumerate(lines):
        place = row % ROWS_A_PAGE
        if place == 0:
            if pages > 0:
                canvas.showPage()
            pages += 1
            canvas.setFont('bold', 9)
            canvas.drawString(LEFT, TOP, "The bench's table, as it is")
            canvas.setFont('bold', 7)
            canvas.drawRightString(RIGHT, TOP - 516, f'página {pages}')
            draw_cells([title for title, _, _ in columns], TOP - 14)
            canvas.setFont('regular', 7)
            canvas.setLineWidth(0.25)
        y = TOP - 26 - place * LINE
        canvas.line(LEFT, y + 8, RIGHT, y + 8)
        draw_cells(line.rstrip('\n').split('\t'), y)
canvas.showPage()
canvas.save()
