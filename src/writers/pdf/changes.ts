// Cells that a page cannot show as they are: counted by reason, or refused.
import { ReportError } from '../../core/errors.js';

const REASONS = {
  cut: {
    why: 'does not fit into its cell',
    note: 'text(s) cut where their cell ends; the file holds them whole for who copies or reads it back',
    hint: 'Shorten it in the query, export fewer columns, or use larger paper; without strict it is cut and counted.',
  },
  glyph: {
    why: 'has a character that the font does not have',
    note: 'text(s) with a character that the font does not have: a box with its Unicode number stands in its place',
    hint: 'Replace it in the query; without strict a box with its Unicode number is shown and counted.',
  },
  direction: {
    why: 'is written from right to left',
    note: 'text(s) written from right to left: in the right order, but Arabic letters are not joined',
    hint: 'Without strict it is shown in the right order, its letters not joined, and counted.',
  },
} as const;

export type Reason = keyof typeof REASONS;
const ALL = Object.keys(REASONS) as Reason[];

export class Changes {
  readonly #counts: Record<Reason, number> = { cut: 0, glyph: 0, direction: 0 };
  readonly #isStrict: boolean;

  constructor(isStrict: boolean) {
    this.#isStrict = isStrict;
  }

  /**
   * Counts a cell.
   * @param place of the cell, such as `row 12, column "produto"`
   * @throws ReportError `contract` with `--strict`
   */
  add(reason: Reason, text: string, place: string): void {
    if (this.#isStrict) {
      const value = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
      const { why, hint } = REASONS[reason];
      throw new ReportError('contract', `writing pdf: ${place}: ${value} ${why}`, { hint });
    }
    this.#counts[reason]++;
  }

  /** One line for each reason that occurred. */
  notes(): string[] {
    return ALL.filter((reason) => this.#counts[reason] > 0).map(
      (reason) => `${this.#counts[reason]} ${REASONS[reason].note}`,
    );
  }
}
