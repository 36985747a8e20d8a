// YAML inside a file, with the line of each of its parts in the file.
import { isAlias, isCollection, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { messageOf, ReportError } from '../../core/errors.js';

export type Path = readonly PropertyKey[];

/** UTF-16 units. The parser takes a second for so much, and a person writes kilobytes. */
const MAX_LENGTH = 256 * 1024;

export class YamlText {
  readonly value: unknown;
  readonly #file: string;
  readonly #linesBefore: number;
  readonly #lines = new LineCounter();
  readonly #document;

  /** @throws ReportError `definition` when it is malformed or too long */
  constructor(file: string, linesBefore: number, text: string) {
    this.#file = file;
    this.#linesBefore = linesBefore;
    if (text.length > MAX_LENGTH) throw this.#at(0, `the YAML is longer than ${MAX_LENGTH} characters`);
    const options = { lineCounter: this.#lines, prettyErrors: false, logLevel: 'error' } as const;
    this.#document = parseDocument(text, options);
    const [problem] = [...this.#document.errors, ...this.#document.warnings];
    if (problem) {
      const isDeep = /call stack/.test(problem.message);
      const wrong = isDeep ? 'it is nested too deeply' : messageOf(problem);
      throw this.#at(problem.pos[0], `the YAML is malformed: ${wrong}`);
    }
    const anchors = new Set<string>();
    visit(this.#document, {
      Scalar: (place, scalar) => {
        if (scalar.anchor !== undefined) anchors.add(scalar.anchor);
        // Every key is the text that was typed, even `null` and `2024`.
        if (place === 'key') scalar.value = scalar.source ?? String(scalar.value);
      },
      Collection: (_, { anchor }) => {
        if (anchor !== undefined) anchors.add(anchor);
      },
      Alias: (_, alias) => {
        if (!anchors.has(alias.source))
          throw this.#at(
            alias.range?.[0] ?? 0,
            `*${alias.source} names no anchor; a text that begins with * stands in quotes`,
          );
      },
    });
    this.value = this.#plain();
  }

  /** @throws ReportError `definition` for what unfolds without end */
  #plain(): unknown {
    try {
      return this.#document.toJS();
    } catch (error) {
      const wrong = /alias/i.test(messageOf(error)) ? 'its aliases unfold to too much' : messageOf(error);
      throw this.#at(0, `the YAML is malformed: ${wrong}`);
    }
  }

  /** The keys of a mapping in the order of the file; a JavaScript object would put numbers first. */
  keys(path: Path): string[] {
    const node = this.#resolved(path);
    return isMap(node) ? node.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : [];
  }

  /** A scalar as it was typed: `007` and `1.10` are numbers to YAML. */
  typed(path: Path): string {
    const node = this.#resolved(path);
    return isScalar(node) ? (node.source ?? String(node.value)) : '';
  }

  /** The node at a path; of an alias, the node that it refers to. */
  #resolved(path: Path): unknown {
    const target = (node: unknown) => (isAlias(node) ? node.resolve(this.#document) : node);
    return path.reduce<unknown>((node, key) => {
      return isCollection(node) ? target(node.get(key, true)) : undefined;
    }, this.#document.contents);
  }

  complaint(path: Path, message: string): ReportError {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = depth === 0 ? this.#document.contents : this.#document.getIn(path.slice(0, depth), true);
      const offset = isNode(node) ? node.range?.[0] : undefined;
      if (offset !== undefined) {
        const exact = this.#keyOffset(path.slice(0, depth + 1)) ?? offset;
        return this.#at(exact, `${path.length === 0 ? '' : `${path.map(String).join('.')}: `}${message}`);
      }
    }
    return this.#at(0, message);
  }

  /** The position of the key itself, for complaints about a key. */
  #keyOffset(path: Path): number | undefined {
    const parent = path.length > 1 ? this.#document.getIn(path.slice(0, -1), true) : this.#document.contents;
    const last = path.at(-1);
    const items = (parent as { items?: readonly { key?: unknown }[] } | null)?.items ?? [];
    const key = items
      .map((item) => item?.key)
      .find((node) => isNode(node) && node.toString() === String(last));
    return isNode(key) ? key.range?.[0] : undefined;
  }

  #at(offset: number, message: string): ReportError {
    // Before the text is parsed no line is known.
    const line = this.#linesBefore + Math.max(1, this.#lines.linePos(offset).line);
    return new ReportError('definition', `${this.#file}:${line}: ${message}`);
  }
}
