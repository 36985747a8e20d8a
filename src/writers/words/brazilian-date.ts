// Canonical dates and timestamps as they are written in Brazil.

const COMMON = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[+-]\d\d(?::\d\d){0,2})?)?$/;

/** `2024-10-05 13:45:10.5-03` to `05/10/2024 13:45:10,5`; other texts, such as infinity and years BC, stay unchanged. */
export function brazilianDate(text: string): string {
  const match = COMMON.exec(text);
  if (!match) return text;
  const [, year, month, day, time, fraction] = match;
  return `${day}/${month}/${year}${time === undefined ? '' : ` ${time}`}${fraction === undefined ? '' : `,${fraction}`}`;
}

const BRAZILIAN = /^(\d\d)\/(\d\d)\/(\d{4})(?: (\d\d:\d\d:\d\d)(?:,(\d+))?)?$/;

/** The inverse, without the offset: `05/10/2024 13:45:10,5` to `2024-10-05 13:45:10.5`. Other texts stay unchanged. */
export function fromBrazilianDate(text: string): string {
  return text.replace(BRAZILIAN, (_, day, month, year, time?: string, fraction?: string) => {
    const clock = time === undefined ? '' : ` ${time}`;
    return `${year}-${month}-${day}${clock}${fraction === undefined ? '' : `.${fraction}`}`;
  });
}
