// PDF files in programs that nobody here wrote: qpdf, MuPDF, poppler, pdfplumber, veraPDF. Each says why a test without it is skipped.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './cli.js';

const run = promisify(execFile);
const MOST_OUTPUT = 1 << 30;

/** Why a test that needs these is skipped; false when all are there. */
export function withoutPrograms(
  ...names: readonly ('qpdf' | 'mutool' | 'pdftotext' | 'pdftoppm')[]
): string | false {
  const missing = names.filter((name) => spawnSync(name, ['-v']).error);
  return missing.length === 0 ? false : `there is no ${missing.join(', ')}`;
}

/** What qpdf finds wrong with a file: structure, cross-references, streams. Empty when it finds nothing. */
export async function qpdfFaults(path: string): Promise<string> {
  const { code, output } = await complaints('qpdf', ['--check', path]);
  return code === 0 ? '' : output;
}

/** What MuPDF says while it draws every page. Empty when it draws them without a word. */
export async function mutoolFaults(path: string): Promise<string> {
  const { code, output } = await complaints('mutool', [
    'draw',
    '-q',
    '-r',
    '20',
    '-F',
    'ppm',
    '-o',
    '/dev/null',
    path,
  ]);
  // Debian's is built without it.
  const words = output.replace('warning: ICC support is not available\n', '');
  return code === 0 ? words : `${words} (exit code ${code})`;
}

/** What poppler says while it draws every page. Empty when it draws them without a word. */
export async function popplerFaults(path: string): Promise<string> {
  const { code, output } = await complaints('sh', ['-c', 'exec pdftoppm -r 20 "$1" >/dev/null', 'sh', path]);
  return code === 0 ? output : `${output} (exit code ${code})`;
}

async function complaints(
  command: string,
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  try {
    const { stdout, stderr } = await run(command, args, { maxBuffer: MOST_OUTPUT });
    return { code: 0, output: stderr + stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stderr + stdout };
  }
}

/** Each page's text as poppler reads it, line after line. */
export async function pageTexts(path: string): Promise<string[]> {
  const { stdout } = await run('pdftotext', ['-layout', path, '-'], { maxBuffer: MOST_OUTPUT });
  return stdout.split('\f').slice(0, -1);
}

async function pageCount(path: string): Promise<number> {
  const { stdout } = await run('qpdf', ['--show-npages', path]);
  return Number(stdout);
}

/** How long MuPDF and poppler take from nothing to the picture of the last page, in seconds; what is missing is left out. */
export async function lastPage(path: string): Promise<{ pages: number; seconds: Record<string, number> }> {
  if (withoutPrograms('qpdf')) return { pages: Number.NaN, seconds: {} };
  const pages = await pageCount(path);
  const last = String(pages);
  const commands = {
    mutool: ['draw', '-q', '-r', '72', '-F', 'ppm', '-o', '/dev/null', path, last],
    pdftoppm: ['-r', '72', '-f', last, '-l', last, path],
  };
  const seconds: Record<string, number> = {};
  for (const [name, args] of Object.entries(commands)) {
    if (withoutPrograms(name as keyof typeof commands)) continue;
    const start = performance.now();
    await complaints(name, args);
    seconds[name] = (performance.now() - start) / 1000;
  }
  return { pages, seconds };
}

type Profile = '2b' | '3b' | 'ua1';

interface Validated {
  readonly path: string;
  /** PDF/A-2b, PDF/A-3b, PDF/UA-1. */
  readonly profile: Profile;
}

/** Why a test that validates is skipped; false when it is not. */
export function withoutVeraPdf(): string | false {
  const { REPORTCTL_TEST_VERAPDF } = process.env;
  if (REPORTCTL_TEST_VERAPDF === undefined)
    return 'REPORTCTL_TEST_VERAPDF names no folder with the classes of veraPDF';
  if (!existsSync(REPORTCTL_TEST_VERAPDF)) return `${REPORTCTL_TEST_VERAPDF} does not exist`;
  return spawnSync('java', ['-version']).error ? 'there is no Java' : false;
}

/** Of each file the rules that veraPDF finds broken, in its words; all of them in one start of it. */
export async function veraPdfFailures(files: readonly Validated[]): Promise<string[][]> {
  const classes = join(process.env.REPORTCTL_TEST_VERAPDF ?? '', '*');
  const program = join(ROOT, 'test/support/verapdf/Validate.java');
  const { stdout } = await run(
    'java',
    ['-cp', classes, program, ...files.map(({ path, profile }) => `${profile}:${path}`)],
    { maxBuffer: MOST_OUTPUT },
  );
  const failures: string[][] = files.map(() => []);
  const done = new Set<number>();
  for (const line of stdout.split('\n').filter(Boolean)) {
    const [word, number, ...rest] = line.split('\t');
    if (word === 'failed') failures[Number(number)]?.push(rest.join(' | '));
    if (word === 'done') done.add(Number(number));
  }
  if (done.size < files.length) throw new Error(`veraPDF came to an end early:\n${stdout}`);
  return failures;
}
