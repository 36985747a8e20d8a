// What stands above the table: on the first page all that the report was asked for, on the others its title and period.
import type { Locale } from '../../core/format.js';
import type { About } from '../../core/writer.js';
import { conditionTexts, daysText } from '../words/asked.js';
import { clock } from '../words/clock.js';
import { titleOf } from '../words/facts.js';
import { countText, labelsOf } from './labels.js';
import type { Pages } from './pages.js';

const TITLE = { weight: 'bold', size: 15 } as const;
const FACT = { weight: 'regular', size: 8, colour: '.25 g' } as const;
const RUNNING = { weight: 'regular', size: 7, colour: '.35 g' } as const;
const LINE_HEIGHT = 1.25;
/** Below the head, in points. */
const SPACE = 7;
const TITLE_LINES = 3;
/** Filters of more lines than this would leave no room for rows, nor would facts that take more of a page. */
const FACT_LINES = 12;
const FACT_SHARE = 0.4;

/** A picture in the upper right corner of the first page. */
export interface LogoSize {
  /** In points. */
  readonly width: number;
  readonly height: number;
}

/** In points. */
const LOGO_HEIGHT = 42;
const LOGO_WIDTH = 140;

/** As large as fits into the corner; no larger than 96 pixels an inch make it. @param image its size in pixels */
export function logoSize({ width, height }: LogoSize): LogoSize {
  const scale = Math.min(72 / 96, LOGO_WIDTH / width, LOGO_HEIGHT / height);
  return { width: width * scale, height: height * scale };
}

export class Head {
  readonly title: string;
  readonly period: string;
  readonly #facts: readonly string[];
  readonly #logo: LogoSize | undefined;

  constructor(about: About, locale: Locale | undefined, logo?: LogoSize) {
    this.title = titleOf(about, locale);
    this.period = about.period === undefined ? '' : daysText(about.period, locale);
    this.#facts = factsOf(about, this.period, locale);
    this.#logo = logo;
  }

  /** Draws it at the top of the first page. */
  first(pages: Pages): void {
    const { left, right, top } = pages.paper;
    const logo = this.#logo;
    if (logo !== undefined)
      pages.picture('Logo', right - logo.width, top - logo.height, logo.width, logo.height);
    const room = logo === undefined ? right - left : right - left - logo.width - 2 * SPACE;
    const edges = { left, right: left + room };
    const titleLines = pages.linesOf(this.title, TITLE, room, TITLE_LINES);
    pages.tagged('title', () => {
      pages.cell(
        { lines: titleLines, actual: titleLines.length > 1 ? this.title : undefined },
        TITLE,
        edges,
        top - TITLE.size,
      );
    });
    let y = top - titleLines.length * TITLE.size * LINE_HEIGHT - 3;
    const lineHeight = FACT.size * LINE_HEIGHT;
    const share = Math.floor(((top - pages.bottom) * FACT_SHARE) / lineHeight);
    // Each of the facts has a line.
    let free = Math.max(0, share - this.#facts.length);
    for (const fact of this.#facts) {
      const lines = pages.linesOf(fact, FACT, room, Math.min(FACT_LINES, free + 1));
      free -= lines.length - 1;
      pages.tagged('paragraph', () => {
        pages.cell(
          { lines, actual: lines.length > 1 ? fact : undefined },
          FACT,
          edges,
          y - FACT.size,
          lineHeight,
        );
      });
      y -= lines.length * lineHeight;
    }
    pages.top = Math.min(y, logo === undefined ? y : top - logo.height) - SPACE;
  }

  /** Draws the title and the period at the top of another page. */
  running(pages: Pages): void {
    const { left, right, top } = pages.paper;
    const y = top - RUNNING.size;
    pages.artifact(() => {
      const periodWidth = pages.widthOf(this.period, RUNNING);
      const room = right - left - periodWidth - SPACE;
      pages.cell(
        { lines: pages.linesOf(this.title, RUNNING, room, 1) },
        RUNNING,
        { left, right: left + room },
        y,
      );
      if (this.period !== '') pages.line(this.period, RUNNING, { left, right, isRight: true }, y);
    });
    pages.top = y - SPACE;
  }
}

function factsOf(about: About, period: string, locale: Locale | undefined): string[] {
  const labels = labelsOf(locale);
  const { sources = [], started, timezone, limit } = about;
  const asked = conditionTexts(about, locale, about.period === undefined ? [] : ['date']);
  const issued =
    started && `${labels.issued} ${clock(new Date(started), timezone, locale)} (${timezone ?? 'UTC'})`;
  const from =
    sources.length === 0
      ? ''
      : `${sources.length === 1 ? labels.source : labels.sources}: ${sources.join(', ')}`;
  const facts = [
    period === '' ? '' : `${labels.period}: ${period}`,
    asked.length === 0 ? '' : `${labels.filters}: ${asked.map((pair) => pair.join(': ')).join('; ')}`,
    limit === undefined ? '' : `${labels.limit}: ${countText(limit, locale)}`,
    [from, issued ?? ''].filter((text) => text !== '').join(' · '),
  ];
  return facts.filter((fact) => fact !== '');
}
