// LibreOffice, for tests that need a program that calculates a workbook.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAM = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'soffice'))
  .find((path) => existsSync(path));

/** Why a test that needs LibreOffice is skipped; false where it is installed. */
export const NO_SOFFICE = PROGRAM === undefined && 'LibreOffice (soffice) is not installed';

/** Milliseconds: the first start makes a profile. */
const TIMEOUT_MS = 240_000;

/** The workbooks as LibreOffice saves them after opening: formulas have the results that it shows. */
export async function savedBySoffice<Name extends string>(
  workbooks: Readonly<Record<Name, Buffer>>,
): Promise<Record<Name, Buffer>> {
  if (PROGRAM === undefined) throw new Error('no LibreOffice: the test should have been skipped');
  const folder = await mkdtemp(join(tmpdir(), 'soffice-'));
  try {
    const names = Object.keys(workbooks) as Name[];
    await mkdir(join(folder, 'in'));
    const files = names.map((name) => join(folder, 'in', `${name}.xlsx`));
    await Promise.all(names.map((name, index) => writeFile(files[index] ?? '', workbooks[name])));
    const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`;
    const args = [profile, '--headless', '--convert-to', 'xlsx', '--outdir', join(folder, 'out'), ...files];
    await promisify(execFile)(PROGRAM, args, { timeout: TIMEOUT_MS });
    const saved = names.map(
      async (name) => [name, await readFile(join(folder, 'out', `${name}.xlsx`))] as const,
    );
    return Object.fromEntries(await Promise.all(saved)) as Record<Name, Buffer>;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
