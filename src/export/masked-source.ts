// A source whose rows are masked before anything else sees them: gates, hashes, files, traces, and suggested values.
import type { Environment } from '../core/environment.js';
import { ReportError } from '../core/errors.js';
import type { Prepared, Request, Source, Trace } from '../core/source.js';
import type { Column } from '../core/table.js';
import { maskedCells, maskedRows } from '../rows/masks.js';

const VARIABLE = 'REPORTCTL_MASK_KEY';
/** A shorter key can be guessed. */
const SHORTEST_KEY = 16;

/** The source, which masks as the columns of each request say. Its `prepare` throws ReportError `usage` for a hash without a key. */
export function maskedSource(source: Source, environment: Environment): Source {
  const { values } = source;
  return {
    ...source,
    async prepare(request) {
      const key = keyFor(request, environment);
      const prepared = await source.prepare(request);
      return key === undefined ? prepared : maskedPrepared(prepared, request, key);
    },
    ...(values && {
      values: async (asked, word, ...more) =>
        isMasked(asked.mapped[word], asked.columns) ? [] : values(asked, word, ...more),
    }),
  };
}

/** The key of hashes; empty where none is needed, undefined where nothing is masked. @throws ReportError `usage` */
function keyFor({ report, columns }: Request, environment: Environment): string | undefined {
  const hashed = columns.find(({ mask }) => mask === 'hash');
  if (hashed === undefined) return columns.some(({ mask }) => mask !== undefined) ? '' : undefined;
  const key = environment.get(VARIABLE) ?? '';
  if (key.length >= SHORTEST_KEY) return key;
  const fault = key === '' ? 'is not set' : `has less than ${SHORTEST_KEY} characters`;
  throw new ReportError(
    'usage',
    `"${report}": the column "${hashed.name}" is hashed, and ${VARIABLE} ${fault}`,
    {
      hint: `Set ${VARIABLE} or ${VARIABLE}_FILE to a secret, such as of openssl rand -hex 32; the same one gives the same hashes.`,
    },
  );
}

function maskedPrepared(prepared: Prepared, { columns, filters }: Request, key: string): Prepared {
  return {
    ...prepared,
    read: () => maskedRows(prepared.read(), columns, key),
    trace: async (...asked) => {
      const trace: Trace = await prepared.trace(...asked);
      const rows = trace.rows.map(({ cells, filters: tested }) => ({
        cells: maskedCells(cells, columns, key),
        filters: tested.map((each, index) =>
          isMasked(filters[index]?.column, columns) ? { ...each, value: undefined } : each,
        ),
      }));
      return { ...trace, rows };
    },
  };
}

/** Whether a filter tests a masked column. */
function isMasked(place: string | undefined, columns: readonly Column[]): boolean {
  return columns.some(({ name, path, mask }) => mask !== undefined && (place === name || place === path));
}
