// Text that others wrote (drivers, servers, users' files, arguments) made fit for one line: cut first, then cleaned in linear time.
import { withoutLogins } from './secret-shapes.js';

/** UTF-16 units of what a message quotes of somebody else's error: more than any server's own words need. */
export const MAX_QUOTED = 2_000;
/** UTF-16 units of a whole message or line of ours. */
export const MAX_LINE = 8_000;

/**
 * The text; of a longer one the first three quarters and the last quarter of `max` UTF-16 units, since the value that somebody quoted
 * stands in the middle and what was wrong with it at the end. Says how much is left out.
 */
export function cut(given: string, max: number): string {
  if (given.length <= max) return given;
  // Half of a URL does not look like one any more, so its login goes first.
  const text = withoutLogins(given);
  let head = Math.ceil(max * 0.75);
  let tail = text.length - (max - head);
  // Half of a surrogate pair is not valid UTF-8.
  if (isLowSurrogate(text, head)) head -= 1;
  if (isLowSurrogate(text, tail)) tail += 1;
  return `${text.slice(0, head)}… (${tail - head} characters left out) …${text.slice(tail)}`;
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** The text on one line: line breaks, with the blanks around them, become one blank. */
function oneLine(text: string): string {
  // One pattern for breaks and the blanks around them would take a time that is quadratic in blanks.
  const lines = text.split(/[\r\n]+/);
  return lines.length === 1
    ? text
    : lines
        .map((line, index) => {
          const start = index === 0 ? line : line.trimStart();
          return index === lines.length - 1 ? start : start.trimEnd();
        })
        .filter((line, index) => line !== '' || index === 0 || index === lines.length - 1)
        .join(' ');
}

/** What anybody wrote, as a part of a message: at most MAX_QUOTED units, on one line, without blanks at its ends. */
export function quotable(text: string, max: number = MAX_QUOTED): string {
  return oneLine(cut(text, max)).trim();
}

/**
 * The text on one line of at most MAX_LINE units, without the logins of URLs and the control characters with which a value could
 * control a terminal.
 */
export function printable(text: string): string {
  const line = withoutLogins(oneLine(cut(text, MAX_LINE)));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are replaced
  return line.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\ufffd');
}
