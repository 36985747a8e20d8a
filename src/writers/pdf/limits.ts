// How much a page may hold, so that it opens in a moment and can be read back.

/** Bytes of a content stream before it is deflated. */
export const LARGEST_PAGE = 64 * 1024 ** 2;

/** Bytes of text beyond which a page takes no further row, so that only a single row can be too large. */
export const FULL_PAGE = 4 * 1024 ** 2;
