// Guesses which column belongs to which dimension, from names in Portuguese and English and from kinds.
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import type { FoundColumn } from '../../core/source.js';
import type { Kind } from '../../core/table.js';

interface Guess {
  readonly kinds: readonly Kind[];
  /** The most likely first. */
  readonly names: readonly RegExp[];
}

const NUMBERS: readonly Kind[] = ['integer', 'decimal'];

/** The expressions match names as normalizedName() returns them. */
const GUESSES: Readonly<Record<Dimension, Guess>> = {
  date: {
    kinds: ['date', 'timestamp'],
    names: [
      /^(?!.*(nasc|birth))((data|dt|date|dia)(_|$)|.*_(date|data)$)/,
      /^(created|criado|registrado|recorded)_(at|on|em)$/,
      /_(at|on|em|time|hora)$/,
    ],
  },
  organization: {
    kinds: ['text'],
    names: [
      /^(nome_)?(da_)?(organizacao|organization|organisation|empresa|company)(_(nome|name))?$/,
      /^(razao_social|tenant)$/,
    ],
  },
  product: { kinds: ['text'], names: [/^(nome_)?(do_)?(produto|product)(_(nome|name))?$/] },
  'product-type': {
    kinds: ['text'],
    names: [
      /^(tipo_(de_)?produto|product_type|produto_tipo)(_(nome|name))?$/,
      /^(nome_)?(da_)?(categoria|category)(_(nome|name|produto))?$/,
    ],
  },
  quantity: {
    kinds: NUMBERS,
    names: [/^(quantidade|quantity|qtde?|qty)$/, /^(quantidade|quantity|qtde?|qty)_|_(qtde?|qty)$/],
  },
  price: {
    kinds: NUMBERS,
    names: [/^(preco|valor)_(unitario|unit)$|^unit_price$|^price_each$/, /^(preco|price)(_|$)/],
  },
};

const KEY = /(^|_)(id|uuid|codigo|code|cod|chave|key|numero|number|nr|ano|year|mes|month)(_|$)/;
const NOT_AN_AMOUNT =
  /(^|_)(taxa|rate|cambio|percent\w*|perc|pct|aliquota|ratio|score|lat|lon|lng|latitude|longitude|media|average|avg|desconto|discount)(_|$)/;

/** Dimension to its guessed column. A column of another type that is exported as text, such as uuid, is not guessed. */
export function guessFilters(columns: readonly FoundColumn[]): Partial<Record<Dimension, FoundColumn>> {
  const guessed: Partial<Record<Dimension, FoundColumn>> = {};
  for (const dimension of DIMENSIONS) {
    const { kinds, names } = GUESSES[dimension];
    const candidates = columns.filter(
      (column) => kinds.includes(column.kind) && (column.kind !== 'text' || isText(column.type)),
    );
    const [mostLikely] = names.flatMap((name) =>
      candidates.filter((column) => name.test(normalizedName(column.name))),
    );
    if (mostLikely !== undefined) guessed[dimension] = mostLikely;
  }
  return guessed;
}

/** The quantity, and decimals that seem to be amounts: not part of the key, a price, a rate or the like. */
export function guessTotals(
  columns: readonly FoundColumn[],
  key: readonly string[],
  { quantity, price }: Partial<Record<Dimension, FoundColumn>>,
): FoundColumn[] {
  return columns.filter((column) => {
    const { name, kind } = column;
    if (column === quantity) return true;
    const normalized = normalizedName(name);
    return (
      kind === 'decimal' &&
      column !== price &&
      !key.includes(name) &&
      !KEY.test(normalized) &&
      !NOT_AN_AMOUNT.test(normalized)
    );
  });
}

function isText(type: string): boolean {
  return ['text', 'varchar', 'bpchar', 'citext', 'name'].includes(type);
}

/** `preco_unitario` for `Preço Unitário`, `precoUnitario` and `preco_unitario`. */
function normalizedName(name: string): string {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1_$2')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}
