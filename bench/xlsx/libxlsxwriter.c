// For bench/xlsx.ts: the same rows, from COPY text on stdin (1. text file, psql's \copy), by libxlsxwriter in constant memory.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

#define COLUMNS 10
enum kind { INTEGER, DECIMAL, TEXT, TIMESTAMP };
static const enum kind kinds[COLUMNS] = {INTEGER, TEXT, TIMESTAMP, DECIMAL, INTEGER, TEXT, TEXT, TEXT, TEXT, TEXT};

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  lxw_workbook_options options = {.constant_memory = LXW_TRUE};
  lxw_workbook *workbook = workbook_new_opt(argv[1], &options);
  lxw_worksheet *sheet = NULL;
  lxw_format *formats[4];
  const char *shown[4] = {"0", "#,##0.00", "@", "yyyy-mm-dd hh:mm:ss"};
  for (int i = 0; i < 4; i++) {
    formats[i] = workbook_add_format(workbook);
    format_set_num_format(formats[i], shown[i]);
  }
  char *line = NULL;
  size_t size = 0;
  lxw_row_t row = LXW_ROW_MAX;
  while (getline(&line, &size, stdin) > 0) {
    if (row >= LXW_ROW_MAX) {
      sheet = workbook_add_worksheet(workbook, NULL);
      row = 1;
    }
    char *rest = line;
    line[strcspn(line, "\n")] = 0;
    for (int column = 0; column < COLUMNS; column++) {
      char *cell = strsep(&rest, "\t");
      if (cell == NULL) return 3;
      if (strcmp(cell, "\\N") == 0) continue;
      enum kind kind = kinds[column];
      if (kind == TEXT) worksheet_write_string(sheet, row, column, cell, formats[kind]);
      else if (kind == TIMESTAMP) {
        lxw_datetime when = {0};
        sscanf(cell, "%d-%d-%d %d:%d:%lf", &when.year, &when.month, &when.day, &when.hour, &when.min, &when.sec);
        worksheet_write_datetime(sheet, row, column, &when, formats[kind]);
      } else worksheet_write_number(sheet, row, column, strtod(cell, NULL), formats[kind]);
    }
    row++;
  }
  return workbook_close(workbook);
}
