# The tables of a PDF file of ours by pdfplumber: of each page with rows the cells between the lines, and the text of the sums.
import json

import pdfplumber


def is_bold(char):
    return 'Bold' in char['fontname']


def is_grey(char):
    colour = char['non_stroking_color'] or (0,)
    return len(colour) == 1 and colour[0] > 0


def tables_of(path):
    with pdfplumber.open(path) as pdf:
        parts, spans, size = [], [], 0
        for page in pdf.pages:
            # The first area is that of the titles; a page of the index has none.
            header = min(page.rects, key=lambda area: area['top'], default=None)
            if header is None:
                continue
            titles = [char for char in page.chars if header['top'] < char['top'] < header['bottom']]
            size = titles[0]['size']
            chars = [char for char in page.chars if char['top'] > header['bottom'] and abs(char['size'] - size) < 0.01]
            cells = [char for char in chars if not is_bold(char) and not is_grey(char)]
            spans += [(char['x0'], char['x1']) for char in titles + cells]
            parts.append((page, header, cells, [char for char in chars if is_bold(char)]))
        edges = between(spans, 0.6 * size)
        return [
            {'rows': rows_of(page, header, cells, edges), 'sums': text_of(page, bold)}
            for page, header, cells, bold in parts
        ]


def between(spans, least):
    """Where no letter of any page stands in so much room: between two columns."""
    edges, end = [], None
    for left, right in sorted(spans):
        if end is not None and left - end > least:
            edges.append((end + left) / 2)
        end = max(end or right, right)
    return edges


def rows_of(page, header, cells, edges):
    kept = set(map(id, cells))
    settings = {
        'vertical_strategy': 'explicit',
        'explicit_vertical_lines': [header['x0'], *edges, header['x1']],
        'horizontal_strategy': 'lines',
    }
    tables = page.filter(lambda object: object['object_type'] != 'char' or id(object) in kept).extract_tables(settings)
    return [row for table in tables for row in table if any(row)]


def text_of(page, chars):
    kept = set(map(id, chars))
    return page.filter(lambda object: object['object_type'] == 'char' and id(object) in kept).extract_text()
