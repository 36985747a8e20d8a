// Which columns are likely to be which dimension, by their names in Portuguese and English and by their kinds.
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import type { FoundColumn } from '../../core/source.js';
import type { Kind } from '../../core/table.js';

interface Guess {
  readonly kinds: readonly Kind[];
  /** The likelier first. */
  readonly names: readonly RegExp[];
}

const NUMBERS: readonly Kind[] = ['integer', 'decimal'];

/** Of names as `words` spells them. */
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
const NO_AMOUNT =
  /(^|_)(taxa|rate|cambio|percent\w*|perc|pct|aliquota|ratio|score|lat|lon|lng|latitude|longitude|media|average|avg|desconto|discount)(_|$)/;

/** Dimension to column, each column once; types that are exported as text but are none are no texts to filter. */
export function guessedFilters(columns: readonly FoundColumn[]): Partial<Record<Dimension, FoundColumn>> {
  const guessed: Partial<Record<Dimension, FoundColumn>> = {};
  for (const dimension of DIMENSIONS) {
    const { kinds, names } = GUESSES[dimension];
    const free = columns.filter(
      (column) => kinds.includes(column.kind) && (column.kind !== 'text' || isText(column.type)),
    );
    const [likeliest] = names.flatMap((name) => free.filter((column) => name.test(words(column.name))));
    if (likeliest !== undefined) guessed[dimension] = likeliest;
  }
  return guessed;
}

/** Numbers that are amounts, whose sum means something. */
export function guessedTotals(
  columns: readonly FoundColumn[],
  key: readonly string[],
  { quantity, price }: Partial<Record<Dimension, FoundColumn>>,
): FoundColumn[] {
  return columns.filter((column) => {
    const { name, kind } = column;
    if (column === quantity) return true;
    const spelled = words(name);
    return (
      kind === 'decimal' &&
      column !== price &&
      !key.includes(name) &&
      !KEY.test(spelled) &&
      !NO_AMOUNT.test(spelled)
    );
  });
}

function isText(type: string): boolean {
  return ['text', 'varchar', 'bpchar', 'citext', 'name'].includes(type);
}

/** `Preço Unitário`, `precoUnitario` and `preco_unitario` as one. */
function words(name: string): string {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1_$2')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}
