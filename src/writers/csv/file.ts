// What every CSV file is.

export const CSV_FILE = { extension: 'csv', contentType: 'text/csv; charset=utf-8' } as const;
