// A destination in memory, with a clock that a test can turn: for tests of what is built on destinations.
import { randomUUID } from 'node:crypto';
import type { Destination, Existing, Leftover, Published, Staged } from '../../src/core/destination.js';
import { ReportError } from '../../src/core/errors.js';
import { alreadyExists, changed } from '../../src/core/existing-file.js';
import type { Stored } from '../../src/core/store.js';
import { checkKey } from '../../src/destinations/contract/key.js';

interface MemoryFile {
  readonly content: Buffer;
  readonly version: string;
  readonly token: string | undefined;
  readonly contentType: string;
  readonly written: number;
}

export interface MemoryOptions {
  /** For messages. */
  readonly label?: string;
  /** Does the store keep the token of the run that wrote a file? A bucket does, a folder does not. Yes unless told. */
  readonly keepsTokens?: boolean;
  /** Called before each step with the name of the method and the key; what it throws is what the method throws. */
  readonly before?: (step: string, key: string) => void | Promise<void>;
}

export type MemoryStore = ReturnType<typeof memoryStore>;

/** What several destinations, each of a run of its own, have in common. */
export function memoryStore({ label = 'memory', keepsTokens = true, before }: MemoryOptions = {}) {
  const files = new Map<string, MemoryFile>();
  const staging = new Map<string, { readonly key: string; readonly token: string; readonly begun: number }>();
  let now = 0;

  const stored = (key: string, file: MemoryFile): Stored => ({
    key,
    bytes: file.content.length,
    version: file.version,
    age: now - file.written,
    ...(keepsTokens && file.token !== undefined ? { token: file.token } : {}),
  });

  const put = (
    key: string,
    content: Buffer | string,
    more: { token?: string; contentType?: string } = {},
  ) => {
    const { token, contentType = 'application/octet-stream' } = more;
    const file = { content: Buffer.from(content), version: randomUUID(), token, contentType, written: now };
    files.set(key, file);
    return file;
  };

  const assertAllowed = (key: string, existing: Existing) => {
    const there = files.get(key);
    if (existing === 'never' && there !== undefined) throw alreadyExists(`${label}/${key}`, undefined);
    if (typeof existing === 'object' && there?.version !== existing.version) {
      throw changed(`${label}/${key}`, 'replaced');
    }
  };

  const step = async (name: string, key: string, signal?: AbortSignal) => {
    await before?.(name, key);
    signal?.throwIfAborted();
    if (name !== 'list') checkKey(key);
  };

  function open({
    token = randomUUID(),
    signal,
  }: {
    token?: string;
    signal?: AbortSignal;
  } = {}): Destination {
    return {
      label,
      async stage(key, { contentType, existing, confirm }): Promise<Staged> {
        await step('stage', key, signal);
        const id = randomUUID();
        const chunks: Buffer[] = [];
        staging.set(id, { key, token, begun: now });
        return {
          async write(chunk) {
            await step('write', key, signal);
            chunks.push(Buffer.from(chunk));
          },
          async publish(): Promise<Published> {
            try {
              await confirm?.();
              await step('publish', key, signal);
              if (!staging.has(id))
                throw new ReportError('destination', `${label}/${key}: what was staged is gone`);
              assertAllowed(key, existing);
            } finally {
              staging.delete(id);
            }
            const { content, version } = put(key, Buffer.concat(chunks), { token, contentType });
            return { location: `${label}/${key}`, bytes: content.length, version };
          },
          async discard() {
            await step('discard', key);
            staging.delete(id);
          },
        };
      },
      async read(key) {
        await step('read', key, signal);
        const file = files.get(key);
        return file && { ...stored(key, file), content: file.content };
      },
      async stat(key) {
        await step('stat', key, signal);
        const file = files.get(key);
        return file && stored(key, file);
      },
      async *download(key) {
        await step('download', key, signal);
        const content = files.get(key)?.content;
        if (content === undefined)
          throw new ReportError('destination', `reading ${label}/${key}: it is not there`);
        // Small and odd, so that nothing depends on where chunks end.
        for (let at = 0; at < content.length; at += 7) yield content.subarray(at, at + 7);
      },
      async *list(prefix) {
        await step('list', prefix, signal);
        const keys = [...files.keys()].filter((key) => key.startsWith(prefix));
        for (const key of keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
          const file = files.get(key);
          if (file === undefined) continue;
          const { token: _, ...listed } = stored(key, file);
          yield listed;
        }
      },
      async copy({ key, version }, to) {
        await step('copy', key, signal);
        checkKey(to);
        const file = files.get(key);
        if (file?.version !== version) throw changed(`${label}/${key}`, 'copied');
        files.set(to, { ...file, version: randomUUID(), written: now });
      },
      async remove({ key, version }) {
        await step('remove', key, signal);
        if (files.get(key)?.version === version) files.delete(key);
      },
      async *leftovers() {
        await before?.('leftovers', '');
        for (const [id, { key, token: writer, begun }] of staging) {
          const leftover: Leftover = {
            key,
            age: now - begun,
            token: writer,
            remove: async () => {
              staging.delete(id);
            },
          };
          yield leftover;
        }
      },
      check: async () => [{ subject: label, ok: true, detail: 'in memory' }],
      close: async () => {},
    };
  }

  return {
    open,
    /** Writes a file behind everybody's back. */
    put,
    get: (key: string): Buffer | undefined => files.get(key)?.content,
    json: (key: string): unknown => JSON.parse(files.get(key)?.content.toString() ?? 'null'),
    remove: (key: string): boolean => files.delete(key),
    keys: (): string[] => [...files.keys()].sort(),
    /** What is staged and neither published nor discarded. */
    staged: (): string[] => [...staging.values()].map(({ key }) => key),
    /** Makes everything so many milliseconds older. */
    pass(milliseconds: number): void {
      now += milliseconds;
    },
  };
}
