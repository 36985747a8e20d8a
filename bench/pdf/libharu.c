// For bench/pdf.ts: the same table, from COPY text, by libharu with every text placed by hand.
// Arguments: rows, output, font, bold font, columns as title|edge|L or R.
#include <hpdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEFT 28.35
#define RIGHT 813.54
#define TOP 560
#define LINE 11
#define ROWS_A_PAGE 44
#define MOST_COLUMNS 100

static void fail(HPDF_STATUS error, HPDF_STATUS detail, void *data) {
  fprintf(stderr, "libharu: %04lX %lu\n", (unsigned long)error, (unsigned long)detail);
  exit(1);
}

static struct { const char *title; float edge; int right; } columns[MOST_COLUMNS];
static int count;
static HPDF_Page page;

static void draw(float x, float y, const char *text, int right) {
  if (right) x -= HPDF_Page_TextWidth(page, text);
  HPDF_Page_TextOut(page, x, y, text);
}

static void open_page(int number, HPDF_Doc document, HPDF_Font regular, HPDF_Font bold) {
  char text[40];
  page = HPDF_AddPage(document);
  HPDF_Page_SetSize(page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_LANDSCAPE);
  HPDF_Page_SetLineWidth(page, 0.25);
  for (int place = 0; place < ROWS_A_PAGE; place++) {
    HPDF_Page_MoveTo(page, LEFT, TOP - 18 - place * LINE);
    HPDF_Page_LineTo(page, RIGHT, TOP - 18 - place * LINE);
    HPDF_Page_Stroke(page);
  }
  HPDF_Page_BeginText(page);
  HPDF_Page_SetFontAndSize(page, bold, 9);
  draw(LEFT, TOP, "The bench's table, as it is", 0);
  HPDF_Page_SetFontAndSize(page, bold, 7);
  snprintf(text, sizeof text, "página %d", number);
  draw(RIGHT, TOP - 516, text, 1);
  for (int i = 0; i < count; i++) draw(columns[i].edge, TOP - 14, columns[i].title, columns[i].right);
  HPDF_Page_SetFontAndSize(page, regular, 7);
}

int main(int argc, char **argv) {
  if (argc < 6 || argc > 5 + MOST_COLUMNS) return 2;
  for (count = 0; count < argc - 5; count++) {
    columns[count].title = strtok(argv[count + 5], "|");
    columns[count].edge = strtof(strtok(NULL, "|"), NULL);
    columns[count].right = *strtok(NULL, "|") == 'R';
  }
  HPDF_Doc document = HPDF_New(fail, NULL);
  HPDF_SetCompressionMode(document, HPDF_COMP_ALL);
  HPDF_UseUTFEncodings(document);
  HPDF_Font regular = HPDF_GetFont(document, HPDF_LoadTTFontFromFile(document, argv[3], HPDF_TRUE), "UTF-8");
  HPDF_Font bold = HPDF_GetFont(document, HPDF_LoadTTFontFromFile(document, argv[4], HPDF_TRUE), "UTF-8");
  FILE *rows = fopen(argv[1], "r");
  if (rows == NULL) return 3;
  char *line = NULL;
  size_t size = 0;
  for (long row = 0; getline(&line, &size, rows) > 0; row++) {
    if (row % ROWS_A_PAGE == 0) {
      if (page != NULL) HPDF_Page_EndText(page);
      open_page(row / ROWS_A_PAGE + 1, document, regular, bold);
    }
    char *rest = line;
    line[strcspn(line, "\n")] = 0;
    for (int i = 0; i < count; i++) {
      char *cell = strsep(&rest, "\t");
      if (cell != NULL && strcmp(cell, "\\N") != 0)
        draw(columns[i].edge, TOP - 26 - row % ROWS_A_PAGE * LINE, cell, columns[i].right);
    }
  }
  if (page != NULL) HPDF_Page_EndText(page);
  HPDF_SaveToFile(document, argv[2]);
  HPDF_Free(document);
  return 0;
}
