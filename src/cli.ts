// The process around main(): signals, V8's memory, the compile cache and the exit code.
import { randomUUID } from 'node:crypto';
import module from 'node:module';
import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { COMPLETE_COMMAND, main, printWarning } from './commands/main.js';
import { Interrupted } from './core/errors.js';

/**
 * Keeps V8's young generation at 1 MB: garbage is freed sooner, and with it the buffers outside V8's heap. The peak of
 * a million rows to CSV falls from 120 to 98 MB, to XLSX from 140 to 107 MB, of documents from 160 to 125 MB; CSV and XLSX take
 * no longer, documents 5 to 10 % longer (Node 20). V8 heeds this flag at run time on Node 20 to 24, for what has not grown yet, so
 * it comes first.
 */
setFlagsFromString('--semi-space-growth-factor=1');
// From Node 22 on the program is compiled once, and not at every start.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();

// A diagnostic report of Node (--report-on-fatalerror) would show every variable. Node 20 has no such switch.
if (process.report) (process.report as { excludeEnv?: boolean }).excludeEnv = true;

const controller = new AbortController();
const { signal } = controller;
/**
 * The signals that end a process by default and that it can handle: they cancel the query, abort the uploads and give the
 * lease back. Left alone are those of a broken program (SIGSEGV, SIGABRT, …), those that Node ignores (SIGPIPE, SIGXFSZ) or
 * takes for itself (SIGUSR1 opens its debugger, SIGPROF is V8's profiler), and the real-time signals, which Node cannot handle.
 */
const INTERRUPTING = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGXCPU',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGIO',
  'SIGPWR',
] as const;
for (const name of INTERRUPTING) {
  // No system has all of them.
  if (constants.signals[name] === undefined) continue;
  process.on(name, () => {
    const interrupted = new Interrupted(`interrupted by ${name}`, 128 + constants.signals[name]);
    // The kernel repeats SIGXCPU every second.
    if (signal.aborted && name === 'SIGXCPU') return;
    // A second signal ends the process at once.
    if (signal.aborted) endProcess(interrupted.exitCode);
    controller.abort(interrupted);
  });
}

/**
 * What is thrown outside of main()'s promises, such as by a socket's callback when there is no memory left: the command ends as
 * after a signal, with its cleaning up, and prints it. Once main() has returned, its exit code stands.
 */
process.on('uncaughtException', (error) => {
  if (!signal.aborted) controller.abort(error);
});

const args = process.argv.slice(2);
const { env, stdin, stdout, stderr } = process;
// Node prints its warnings as text, several lines each.
process.removeAllListeners('warning');
const runId = randomUUID();
process.on('warning', (warning) => void printWarning(warning, args, { env, stderr, runId }));
const exitCode = await main(args, { env, cwd: process.cwd(), stdin, stdout, stderr, signal, runId });
process.exitCode = exitCode;
/** Milliseconds for connections that close by themselves. */
const CLOSING_TIMEOUT_MS = 250;
// What still runs after main() has returned hangs, or did not answer a completion in time: it is not waited for.
if (signal.aborted || args[0] === COMPLETE_COMMAND) endProcess(exitCode);
else setTimeout(() => endProcess(exitCode), CLOSING_TIMEOUT_MS).unref();

/**
 * Ends the process, also when a system call is stuck: process.exit() waits for the threads of Node's pool, so that a file on a
 * hung NFS mount, or a FIFO without a writer, would keep the process for ever. Then a shell takes its place and exits with the
 * code; where Node has no execve() (before 22.15) the process kills itself, and the code is 137 unless a signal ended it.
 */
function endProcess(code: number): void {
  const stuckAt = performance.now() + 500;
  const end = () => {
    const isBusy = process.getActiveResourcesInfo().some((kind) => /^(FSReq|GetAddrInfo)/.test(kind));
    if (!isBusy) process.exit(code);
    if (performance.now() < stuckAt) setTimeout(end, 20);
    else endStuckProcess(code);
  };
  end();
}

function endStuckProcess(code: number): void {
  const { execve } = process as { execve?: (file: string, args: readonly string[], env: object) => never };
  try {
    execve?.('/bin/sh', ['sh', '-c', `exit ${code}`], {});
  } catch {
    // Windows has neither.
  }
  // Dying by the signal itself is 128 plus its number to a shell; the others would dump their core.
  const name = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).find(
    (each) => 128 + constants.signals[each] === code,
  );
  if (name !== undefined) {
    process.removeAllListeners(name);
    process.kill(process.pid, name);
  }
  process.kill(process.pid, 'SIGKILL');
}
