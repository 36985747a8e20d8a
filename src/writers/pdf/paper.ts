// A page in points of 1/72 inch (ISO 32000-1, 8.3.2.3 User Space).
import { type Orientation, PAGE_SIZES, type Page } from './options.js';

/** In points; the origin is the lower left corner. */
export interface Paper {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  /** Below the margin at the top. */
  readonly top: number;
  /** Above the margin at the bottom. */
  readonly bottom: number;
}

const DEFAULT_MARGINS = 10;
const POINTS_PER_MILLIMETRE = 72 / 25.4;

export function paperOf({ size = 'A4', margins = DEFAULT_MARGINS }: Page, orientation: Orientation): Paper {
  const [short, long] = PAGE_SIZES[size].map((millimetres) => millimetres * POINTS_PER_MILLIMETRE);
  const upright = [short ?? 0, long ?? 0] as const;
  const [width, height] = orientation === 'portrait' ? upright : [upright[1], upright[0]];
  const margin = margins * POINTS_PER_MILLIMETRE;
  return { width, height, left: margin, right: width - margin, top: height - margin, bottom: margin };
}
