// Reads and changes single elements of XML; all other text of a template stays byte for byte.

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Unescapes XML text. */
export function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? '';
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16));
  });
}

/** Escapes the text of an element. */
export function escapedText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The value of a start tag's attribute, still escaped. */
export function attributeOf(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(
    /^<[^<>]*/.exec(tag)?.[0] ?? '',
  );
  return match?.[1] ?? match?.[2];
}

/** The element with the attribute of its start tag set. @param value already escaped */
export function withAttribute(element: string, name: string, value: string): string {
  const found = new RegExp(`(\\s${name}\\s*=\\s*)(?:"[^"]*"|'[^']*')`);
  return element.replace(/^<[^<>]*?(?=\/?>)/, (tag) =>
    found.test(tag)
      ? tag.replace(found, (_, before: string) => `${before}"${value}"`)
      : `${tag.trimEnd()} ${name}="${value}"`,
  );
}

/** The element without the attribute of its start tag. */
export function withoutAttribute(element: string, name: string): string {
  return element.replace(/^<[^<>]*/, (tag) =>
    tag.replace(new RegExp(`\\s${name}\\s*=\\s*(?:"[^"]*"|'[^']*')`), ''),
  );
}

/** All elements of that name, start tag to end tag; they must not nest. @param name a regular expression */
export function elementsOf(name: string): RegExp {
  return new RegExp(`<(${name})(?=[\\s/>])[^<>]*?(?:/>|>(?:(?!<\\1[\\s/>]).)*?</\\1\\s*>)`, 'gs');
}

/** The number that an attribute of a start tag is; undefined for any other text. */
export function numberOf(tag: string | undefined, name: string): number | undefined {
  const value = tag === undefined ? undefined : attributeOf(tag, name);
  if (value === 'true') return 1;
  return value === undefined || !/^\d+(\.\d+)?$/.test(value) ? undefined : Number(value);
}
