// Where the binary publishes while something fails: folders and buckets of an S3 server, each copied from a template.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type S3Server, startS3Server } from '../../support/s3-server.js';
import type { Files } from '../scenarios.js';

/** One destination of one case. */
export interface Place {
  /** As REPORTCTL_DESTINATION says it. */
  readonly address: string;
  /** What else a process needs to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Its server is not the one that AWS_… of this process name. */
  readonly endpoint?: string;
  /** Which calls the preloaded library counts. */
  readonly counted: Readonly<Record<string, string>>;
  /** Everything that is there, hidden names too. */
  files(): Promise<Map<string, Buffer>>;
  /** The uploads in parts that are neither completed nor aborted and hold a part. */
  uploads(): Promise<string[]>;
  /** Replaces a file behind everybody's back. @param ageMs how long ago it says that it was written */
  replace(key: string, content: Buffer, ageMs: number): Promise<void>;
  /** Removes a file behind everybody's back. */
  erase(key: string): Promise<void>;
  /** Removes the place. */
  remove(): Promise<void>;
}

/** A kind of destination. */
export interface Destinations {
  readonly kind: 'folder' | 's3' | 'real-s3';
  /** Where the buckets are. */
  readonly server?: S3Server;
  make(template?: Place): Promise<Place>;
  close(): Promise<void>;
}

export async function folders(root: string): Promise<Destinations> {
  return {
    kind: 'folder',
    make: async (template) => {
      const folder = await mkdtemp(join(root, 'place-'));
      const out = join(folder, 'out');
      if (template) await cp(template.address, out, { recursive: true, preserveTimestamps: true });
      return folderAt(out, () => rm(folder, { recursive: true }));
    },
    close: async () => {},
  };
}

/** A folder that is there or not. */
function folderAt(out: string, remove: () => Promise<void>): Place {
  return {
    address: out,
    env: {},
    counted: { FAULT_BELOW: out },
    files: () => filesIn(out),
    uploads: async () => [],
    replace: async (key, content, ageMs) => {
      const path = join(out, key);
      await mkdir(dirname(path), { recursive: true });
      await rm(path, { force: true });
      await writeFile(path, content);
      const when = new Date(Date.now() - ageMs);
      await utimes(path, when, when);
    },
    erase: (key) => rm(join(out, key)),
    remove,
  };
}

async function filesIn(at: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(at, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory()) found.set(relative(at, path), await readFile(path));
  }
  return found;
}

const BUCKET = 'bucket';

/** One server in this process; each place is a prefix in its bucket. Sets AWS_… of this process, which the SDK reads. */
export async function buckets(): Promise<Destinations> {
  const server = await startS3Server({ bucket: BUCKET });
  Object.assign(process.env, server.environment, {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  let count = 0;
  return {
    kind: 's3',
    server,
    make: async (template) => {
      count += 1;
      const place = bucketPlace(server, `p${count}/`);
      if (template) copyObjects([server, template.address], [server, place.address]);
      return place;
    },
    close: () => server.close(),
  };
}

/** @param prefix of its keys; ends with a slash */
export function bucketPlace(server: S3Server, prefix: string): Place {
  const own = () => server.keys().filter((key) => key.startsWith(prefix));
  return {
    address: `s3://${BUCKET}/${prefix.slice(0, -1)}`,
    env: { ...server.environment, REPORTCTL_S3_PART_SIZE: '5MiB' },
    counted: { FAULT_PORT: new URL(server.url).port },
    files: async () =>
      new Map(own().map((key) => [key.slice(prefix.length), server.get(key)?.body ?? Buffer.alloc(0)])),
    uploads: async () =>
      server
        .uploads()
        .filter(({ key, parts }) => key.startsWith(prefix) && parts.size > 0)
        .map(({ key }) => key.slice(prefix.length)),
    replace: async (key, content, ageMs) => {
      server.put(`${prefix}${key}`, content, { 'x-amz-server-side-encryption': 'AES256' });
      const object = server.get(`${prefix}${key}`);
      if (object) server.set(`${prefix}${key}`, { ...object, modified: new Date(Date.now() - ageMs) });
    },
    erase: async (key) => {
      server.remove(`${prefix}${key}`);
    },
    remove: async () => {
      for (const key of own()) server.remove(key);
      for (const { key, uploadId } of server.uploads()) if (key.startsWith(prefix)) server.forget(uploadId);
    },
  };
}

/** Copies objects with everything that is known of them, from one prefix to another, each `s3://bucket/prefix`. */
export function copyObjects([server, from]: [S3Server, string], [other, to]: [S3Server, string]): void {
  const prefixOf = (address: string) => `${new URL(address).pathname.slice(1)}/`;
  for (const key of server.keys().filter((one) => one.startsWith(prefixOf(from)))) {
    const object = server.get(key);
    if (object) other.set(`${prefixOf(to)}${key.slice(prefixOf(from).length)}`, object);
  }
}

/** The names of files that are not finished: in folders beside their targets, in buckets below a prefix. */
export function isTemporary(key: string): boolean {
  return /(^|\/)\.reportctl-[^/]*\.tmp$/.test(key) || key.includes('_reportctl/.unfinished/');
}

export function withoutTemporary(files: Files): Map<string, Buffer> {
  return new Map([...files].filter(([key]) => !isTemporary(key)));
}
