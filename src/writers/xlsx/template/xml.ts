// The little of XML that is read and changed in a template, where everything else stays as it was written.

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text that escaped text means. */
export function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? '';
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16));
  });
}

/** The value of a start tag's attribute, still escaped. */
export function attributeOf(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(/^[^>]*/.exec(tag)?.[0] ?? '');
  return match?.[1] ?? match?.[2];
}

/** The element, its start tag's attribute set. @param value escaped, or needing no escapes */
export function withAttribute(element: string, name: string, value: string): string {
  const found = new RegExp(`(\\s${name}\\s*=\\s*)(?:"[^"]*"|'[^']*')`);
  return element.replace(/^<[^>]*?(?=\/?>)/, (tag) =>
    found.test(tag)
      ? tag.replace(found, (_, before: string) => `${before}"${value}"`)
      : `${tag.trimEnd()} ${name}="${value}"`,
  );
}

/** The elements of that name, which do not nest, each whole. @param name for a regular expression */
export function elementsOf(name: string): RegExp {
  return new RegExp(`<(${name})(?=[\\s/>])[^>]*?(?:/>|>.*?</\\1\\s*>)`, 'gs');
}
