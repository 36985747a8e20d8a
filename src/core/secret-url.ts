// URLs that hold secrets, as types that cannot be printed.
import { inspect } from 'node:util';

/** A URL that may hold a password: every way of printing it shows it without. */
export class SecretUrl {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The whole URL, for the driver alone. */
  reveal(): string {
    return this.#url;
  }

  /**
   * Scheme, host and path. Only the scheme of a URL that does not parse, lacks its `//`, or with an `@` after its host: then an unescaped `/`, `?`
   * or `#` cut the password in two, and a part of it looks like a port.
   */
  toString(): string {
    const scheme = /^[a-z0-9+.-]+:/i.exec(this.#url)?.[0] ?? '';
    if (!this.#url.startsWith(`${scheme}//`)) {
      const isPath = /^(embedded|file):$/i.test(scheme) && !hasAt(this.#url);
      return isPath ? this.#url.replace(/[?#].*$/s, '') : `${scheme}…`;
    }
    const url = URL.canParse(this.#url) ? new URL(this.#url) : undefined;
    return url === undefined || hasAt(url.pathname + url.search + url.hash)
      ? `${scheme}//…`
      : `${scheme}//${url.host}${url.pathname}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A URL whose path is the secret, as webhooks have it: every way of printing it shows scheme and host alone. */
export class SecretEndpoint extends SecretUrl {
  override toString(): string {
    const { protocol, host } = new URL(this.reveal());
    return `${protocol}//${host}`;
  }
}

function hasAt(text: string): boolean {
  return /@|%40/i.test(text);
}
