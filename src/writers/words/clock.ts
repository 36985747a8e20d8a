// Moments as people read them.
import type { Locale } from '../../core/format.js';

/** `30/11/2026 01:00:12`, or `2026-11-30 01:00:12`. @param timeZone IANA name; UTC without one */
export function clock(moment: Date, timeZone: string | undefined, locale: Locale | undefined): string {
  const format = new Intl.DateTimeFormat(locale ?? 'sv-SE', {
    dateStyle: 'short',
    timeStyle: 'medium',
    timeZone: timeZone ?? 'UTC',
  });
  return format.format(moment).replace(',', '');
}
