// The dictionary of a stream object (ISO 32000-1, 7.3.7).
import { damaged, shown } from './damaged.js';

/** A name, a bracket, a string without nested parentheses, a reference, or a word such as a number. */
const TOKEN =
  /\s*(\/[^\s/<>[\](){}%]+|<<|>>|\[|\]|<[0-9A-Fa-f]*>|\((?:[^()\\]|\\.)*\)|\d+ \d+ R(?![^\s/<>[\](){}%])|[^\s/<>[\](){}%]+)/sy;
const CLOSING: Readonly<Record<string, string>> = { '<<': '>>', '[': ']' };

/** Name, without its slash, to the text of the value. */
export type Dictionary = ReadonlyMap<string, string>;

/**
 * @param text from `<<` to `>>`
 * @param where for messages
 * @throws ReportError `contract` for anything else, for a name that comes twice, and for one that has another spelling (7.3.5)
 */
export function dictionaryOf(text: string, where: string): Dictionary {
  const entries = new Map<string, string>();
  let at = 0;
  const next = () => {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw damaged(`${where} has no dictionary but ${shown(text)}`);
    at = TOKEN.lastIndex;
    return token;
  };
  const value = () => {
    const start = at;
    const open: string[] = [];
    do {
      const token = next();
      const closing = CLOSING[token];
      if (closing !== undefined) open.push(closing);
      else if (token === open.at(-1)) open.pop();
      else if (token === '>>' || token === ']') throw damaged(`${where} has an odd ${token}: ${shown(text)}`);
    } while (open.length > 0);
    return text.slice(start, at).trim();
  };
  if (next() !== '<<') throw damaged(`${where} has no dictionary but ${shown(text)}`);
  for (let key = next(); key !== '>>'; key = next()) {
    const name = key.slice(1);
    if (!/^\/[^#]+$/.test(key) || entries.has(name)) {
      throw damaged(`${where} has ${shown(key)} where another key should be`);
    }
    entries.set(name, value());
  }
  if (at !== text.length) throw damaged(`${where} has more than a dictionary: ${shown(text)}`);
  return entries;
}

/** @throws ReportError `contract` when it is none of at most 15 digits */
export function wholeNumber(dictionary: Dictionary, key: string, where: string): number {
  const text = dictionary.get(key) ?? '';
  if (!/^\d{1,15}$/.test(text)) throw damaged(`${where} has ${shown(text)} for its ${key}`);
  return Number(text);
}
