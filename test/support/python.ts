// A Python with the packages that a test needs: REPORTCTL_TEST_PYTHON, else python3; without them the test says so.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PYTHON = process.env.REPORTCTL_TEST_PYTHON ?? 'python3';

/** Why a test that needs the module is skipped; false when it is not. */
export async function withoutModule(name: string): Promise<string | false> {
  try {
    await run(PYTHON, ['-c', `import ${name}`]);
    return false;
  } catch {
    return `${PYTHON} has no ${name}`;
  }
}

/** Runs a program; its standard output as JSON. */
export async function python(program: string): Promise<unknown> {
  const running = run(PYTHON, ['-']);
  running.child.stdin?.end(program);
  const { stdout } = await running;
  return JSON.parse(stdout);
}
