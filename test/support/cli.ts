// reportctl as a user runs it, with a bare environment: in this process, or spawned for what only a process shows.
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/commands/main.js';

/** The repository, without a slash at the end. */
export const ROOT = folderOfPackage(dirname(fileURLToPath(import.meta.url)));
/** What users start; in a coverage run the same program file by file. */
export const BINARY = process.env.REPORTCTL_TEST_BINARY ?? join(ROOT, 'bin/reportctl.js');

/** From build/test/support as from test/support. */
function folderOfPackage(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : folderOfPackage(dirname(folder));
}

export interface RunOptions {
  /** The whole environment besides PATH, HOME, TMPDIR and REPORTCTL_RETRY_FOR=0. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

interface SpawnOptions extends RunOptions {
  /** What is started in place of BINARY. */
  readonly binary?: string;
}

interface InProcessOptions extends RunOptions {
  /** The instant at which the command starts, ISO 8601 with a zone; the clock's by default. */
  readonly now?: string;
  /** Set when stdout is a terminal: the size that it reports. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Gets what it writes to stdout while it runs, piece by piece. */
  readonly onStdout?: (text: string) => void;
}

export interface Finished {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end, in this process. */
export async function reportctl(
  args: readonly string[],
  { env = {}, cwd = ROOT, now, terminal, onStdout }: InProcessOptions = {},
): Promise<Finished> {
  const [stdout, stderr] = [new CollectedOutput(onStdout), new CollectedOutput()];
  if (terminal !== undefined) Object.assign(stdout, { isTTY: true, ...terminal });
  const code = await main(args, {
    // A deadline counts from the instant at which the command starts, which may be years ago.
    env: { ...bareEnvironment(), ...(now === undefined ? {} : { REPORTCTL_DEADLINE: 'none' }), ...env },
    cwd,
    stdin: Readable.from([]),
    stdout,
    stderr,
    signal: new AbortController().signal,
    ...(now === undefined ? {} : { now: Date.parse(now) }),
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** Starts a process, for what only a process shows. */
export function spawnReportctl(
  args: readonly string[],
  { env = {}, cwd = ROOT, binary = BINARY }: SpawnOptions = {},
): ChildProcessWithoutNullStreams {
  // A coverage run counts the lines of the child, too.
  const { NODE_V8_COVERAGE } = process.env;
  return spawn(process.execPath, [binary, ...args], {
    cwd,
    env: { ...bareEnvironment(), ...(NODE_V8_COVERAGE ? { NODE_V8_COVERAGE } : {}), ...env },
  });
}

/** Runs a process to its end. */
export function runReportctl(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawnReportctl(args, options);
  child.stdin.end();
  return finished(child);
}

function bareEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  // What a test makes fail is not tried again, unless the test says so.
  return { PATH, HOME, REPORTCTL_RETRY_FOR: '0', ...(TMPDIR ? { TMPDIR } : {}) };
}

class CollectedOutput extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #onText: ((text: string) => void) | undefined;

  constructor(onText?: (text: string) => void) {
    super();
    this.#onText = onText;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#onText?.(chunk.toString());
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

export async function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? signal ?? 'SIGKILL'));
  });
  return { code, stdout, stderr };
}

/** A folder of its own for one test: no `.env`, no files but those it makes. */
export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'reportctl-test-'));
}

/** Every file below a folder, as sorted relative paths; none when it is not there. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Writes a report file and returns its path. */
export async function writeReport(
  folder: string,
  name: string,
  yaml: string,
  query: string,
): Promise<string> {
  const path = join(folder, `${name}.sql`);
  await mkdir(folder, { recursive: true });
  await writeFile(path, `/*---\n${yaml}\n---*/\n${query}\n`);
  return path;
}

/** `@x` as a path in the folder. */
export function inFolder(folder: string, args: readonly string[]): string[] {
  return args.map((argument) => (argument.startsWith('@') ? join(folder, argument.slice(1)) : argument));
}

/** Asserts that a run was refused as users must see it: one line, the exit code, nothing on stdout, no stack. */
export function assertRefused({ code, stdout, stderr }: Finished, exitCode: number, said: RegExp): void {
  assert.match(stderr, said);
  assert.equal(code, exitCode, stderr);
  assert.equal(stdout, '');
  // With --json it is an object.
  assert.match(stderr, /^(?:reportctl: [^\n]+|\{[^\n]+"event":"error"[^\n]+\})\n$/, 'one line');
  assert.doesNotMatch(stderr, /\n {4}at |node:internal|undefined|\[object/);
}
