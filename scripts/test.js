// npm test [-- [--name <pattern>] file or folder …]: transpiles once, then runs every test file in a process of its own.
import { spawnSync } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { access, chmod, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { transpile } from './transpile.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SLOWEST = 10;
/** For one file: far more than the longest needs on a busy machine, and an end for one that hangs. */
const TIMEOUT_MS = 30 * 60_000;
/** Of Linux. The tests take less than a gigabyte of it. */
const MEMORY = '/dev/shm';
const MEMORY_NEEDED = 8 * 1024 ** 3;
const TIMES = join(ROOT, 'build/test-times.json');
/** Runs only with `npm run test:long`, or when it is named. */
const LONG = 'test/long';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', multiple: true },
    concurrency: { type: 'string' },
    coverage: { type: 'boolean' },
  },
});
const files = positionals.length > 0 ? positionals.flatMap(testFiles) : testFiles('test').filter(isShort);
if (files.length === 0) {
  console.error(`no test file in ${positionals.join(' ')}`);
  process.exit(1);
}

await transpile();
if (values.coverage) {
  // The libraries are no part of what is counted.
  process.env.REPORTCTL_TEST_BINARY = join(ROOT, 'build/src/cli.js');
} else {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.js')], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

// A folder for everything temporary, also of the servers that run as another user. Its name is short: it is a part of the
// names of sockets.
const temporary = await mkdtemp(join(await temporaryRoot(), 'rt-'));
await chmod(temporary, 0o1777);
process.env.TMPDIR = temporary;

// Every file that needs a PostgreSQL makes databases in this one.
const { serveSharedPostgres } = await import(join(ROOT, 'build/test/support/shared-postgres.js'));
const postgres = await serveSharedPostgres();
process.env.REPORTCTL_TEST_POSTGRES = postgres.url;

const controller = new AbortController();
// Every running file listens to it.
setMaxListeners(0, controller.signal);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    process.exitCode = 1;
    controller.abort();
  });
}

const began = performance.now();
const tests = run({
  files: longestFirst(files.map((file) => join(ROOT, 'build', file.replace(/\.ts$/, '.js')))),
  // Some tests wait more than they compute.
  concurrency: values.concurrency ? Number(values.concurrency) : availableParallelism() + 2,
  signal: controller.signal,
  timeout: TIMEOUT_MS,
  ...(values.name ? { testNamePatterns: values.name } : {}),
});
const beganAt = new Map();
const endedAt = new Map();
// A file is a test with the file's path as its name; events of the tests in it come late, in the order of the files.
tests.on('test:dequeue', ({ name, file }) => {
  if (name === file) beganAt.set(file, performance.now());
});
tests.on('test:complete', ({ name, file }) => {
  if (name === file) endedAt.set(file, performance.now());
});
tests.on('test:fail', () => {
  process.exitCode = 1;
});
tests.on('end', async () => {
  await postgres.stop();
  await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
  const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1).padStart(7)} s`;
  const times = [...endedAt].map(([file, end]) => [
    relative(join(ROOT, 'build'), file),
    end - (beganAt.get(file) ?? began),
  ]);
  times.sort(([, a], [, b]) => b - a);
  await writeFile(TIMES, JSON.stringify({ ...formerTimes(), ...Object.fromEntries(times) }));
  // After the last lines of the other reporter.
  process.on('exit', () => {
    console.log(`\nthe ${SLOWEST} slowest of ${times.length} files:`);
    for (const [file, milliseconds] of times.slice(0, SLOWEST))
      console.log(`${seconds(milliseconds)}  ${file}`);
    console.log(`${seconds(performance.now() - began)}  all of them`);
  });
});
tests.compose(new spec()).pipe(process.stdout);

/** Memory in place of a disk for the many small files of `npm test`, where there is plenty and programs may be started from it. */
async function temporaryRoot() {
  if (process.env.TMPDIR || positionals.length > 0 || values.coverage) return tmpdir();
  try {
    const { bavail, bsize } = await statfs(MEMORY);
    await access(MEMORY, constants.W_OK | constants.X_OK);
    const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
    const mount = mounts.find(([, where, type]) => where === MEMORY && type === 'tmpfs');
    const mayRun = mount !== undefined && !mount[3].split(',').includes('noexec');
    return mayRun && Math.min(bavail * bsize, freemem()) > MEMORY_NEEDED ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** @param path a test file or a folder, from here or from the repository, as .ts or as .js below build/ */
function testFiles(path) {
  const name = relative(ROOT, resolve(path))
    .replace(/^build\//, '')
    .replace(/\.js$/, '.ts');
  const absolute = join(ROOT, name);
  if (!statSync(absolute).isDirectory()) return [name];
  return readdirSync(absolute, { recursive: true })
    .filter((entry) => entry.endsWith('.test.ts'))
    .map((entry) => join(name, entry))
    .sort();
}

/** The order that leaves no long file alone at the end; files without a time yet come first. */
function longestFirst(paths) {
  const known = formerTimes();
  const timeOf = (path) => known[relative(join(ROOT, 'build'), path)] ?? Number.MAX_VALUE;
  return paths.toSorted((a, b) => timeOf(b) - timeOf(a));
}

/** Milliseconds that each file took when it was run last. */
function formerTimes() {
  return existsSync(TIMES) ? JSON.parse(readFileSync(TIMES, 'utf8')) : {};
}

function isShort(file) {
  return !file.startsWith(`${LONG}/`);
}
