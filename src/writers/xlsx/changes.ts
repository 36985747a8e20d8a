// Cells that Excel cannot hold unchanged: counted by reason, or refused.
import { ReportError } from '../../core/errors.js';
import type { Locale } from '../../core/format.js';
import type { TextNumbers } from '../../core/writer.js';

/** By reason: the words for one and for many such cells, in notes and in the workbook. */
const REASONS = {
  digits: {
    why: 'has more than 15 significant digits or is out of range',
    note: 'number(s) kept as text: more than 15 significant digits, or out of range',
    shown:
      'Números com mais de 15 algarismos significativos (ou fora do alcance do Excel), mantidos como texto',
  },
  special: {
    why: 'is no number to Excel',
    note: 'number(s) kept as text: NaN or Infinity',
    shown: 'Números que o Excel não tem (NaN, Infinity), mantidos como texto',
  },
  date: {
    why: 'is no date between 1900-03-01 and 9999-12-31',
    note: 'date(s) kept as text: before 1900-03-01, or after 9999-12-31',
    shown: 'Datas antes de 01/03/1900 ou depois de 31/12/9999, mantidas como texto',
  },
  length: {
    why: 'has more than 32,767 characters',
    note: 'text(s) cut to 32,767 characters',
    shown: 'Textos com mais de 32.767 caracteres, cortados nesse ponto',
  },
  lines: {
    why: 'has more than 253 line breaks',
    note: 'text(s) with spaces for line breaks beyond 253',
    shown: 'Textos com mais de 253 quebras de linha; as demais viraram espaços',
  },
} as const;

export type Reason = keyof typeof REASONS;
const ALL = Object.keys(REASONS) as Reason[];

export class Changes {
  readonly #counts: Record<Reason, number> = { digits: 0, special: 0, date: 0, length: 0, lines: 0 };
  readonly #textNumbers = new Map<string, TextNumbers>();
  readonly #isStrict: boolean;

  constructor(isStrict: boolean) {
    this.#isStrict = isStrict;
  }

  /**
   * Counts a cell.
   * @param place of the cell, such as `row 12, column "valor"`
   * @throws ReportError `contract` with `--strict`
   */
  add(reason: Reason, text: string, place: () => string): void {
    if (this.#isStrict) {
      const value = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
      throw new ReportError('contract', `writing xlsx: ${place()}: ${value} ${REASONS[reason].why}`, {
        hint: 'Round or split it in the query or declare the column as text; without strict it is changed and counted.',
      });
    }
    this.#counts[reason]++;
  }

  /** Counts a number that became text, which `add` has counted by its reason. @param row in all sheets, from 1 */
  addTextNumber(reason: Reason, value: string, { column, row }: { column: string; row: number }): void {
    const { count, long, first } = this.#textNumbers.get(column) ?? { count: 0, long: 0, first: undefined };
    const isLong = reason === 'digits';
    this.#textNumbers.set(column, {
      count: count + 1,
      long: long + (isLong ? 1 : 0),
      first: first ?? (isLong ? { value, row } : undefined),
    });
  }

  /** Column name to its numbers that became text. */
  textNumbers(): Readonly<Record<string, TextNumbers>> {
    return Object.fromEntries(this.#textNumbers);
  }

  /** One line for each reason that occurred. */
  notes(): string[] {
    return this.#there().map(([reason, count]) => {
      const [word = '', ...rest] = REASONS[reason].note.split('(s)');
      return `xlsx: ${count} ${word}${count === 1 ? '' : 's'}${rest.join('')}`;
    });
  }

  /** For the workbook: what was changed, and in how many cells. */
  shown(locale: Locale | undefined): (readonly [string, number])[] {
    return this.#there().map(([reason, count]) => {
      const { shown, note } = REASONS[reason];
      return [locale === 'pt-BR' ? shown : note.replace('(s)', 's').replace(/^./, upperCase), count];
    });
  }

  #there(): (readonly [Reason, number])[] {
    return ALL.map((reason) => [reason, this.#counts[reason]] as const).filter(([, count]) => count > 0);
  }
}

function upperCase(letter: string): string {
  return letter.toUpperCase();
}
