// The library that is preloaded into the binary (fault-shim.c): built for this test, told what to do, and its log read back.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../support/cli.js';

const SOURCE = join(ROOT, 'test/faults/binary/fault-shim.c');
const COMPILERS = ['cc', 'gcc', 'clang'];

/** @returns the library in the folder, or why there is none */
export async function buildShim(folder: string): Promise<{ library: string } | { missing: string }> {
  if (process.platform !== 'linux') return { missing: `LD_PRELOAD is not there on ${process.platform}` };
  const library = join(folder, 'fault-shim.so');
  const said: string[] = [];
  for (const compiler of COMPILERS) {
    try {
      await promisify(execFile)(compiler, ['-O1', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl']);
      return { library };
    } catch (error) {
      said.push(`${compiler}: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
    }
  }
  return { missing: `no C compiler builds the library: ${said.join('; ')}` };
}

/** What happens at which call; see fault-shim.c. */
export interface Fault {
  /** `EIO`, `short`, `kill`, … */
  readonly action: string;
  /** The call, from 1. */
  readonly at: number;
  /** How many calls in a row; 0: all from there on. */
  readonly times?: number;
  /** The names of the calls that are hit; all without it. */
  readonly only?: readonly string[];
}

export interface ShimOptions {
  readonly fault?: Fault | undefined;
  /** A call, and by how many milliseconds each of them is slower. */
  readonly slow?: readonly [call: string, ms: number];
  /** A file, and by how many milliseconds its first opening is slower. */
  readonly stall?: readonly [path: string, ms: number];
  /** A file with the boot id of another host, which the process plays. */
  readonly host?: string | undefined;
  /** The log also has the bytes written. */
  readonly hasData?: boolean;
}

/** The variables of the process. @param counted which calls are counted: those below a folder, or at a port */
export function shimVariables(
  library: string,
  counted: Readonly<Record<string, string>>,
  log: string,
  { fault, slow, stall, host, hasData }: ShimOptions,
): Record<string, string> {
  return {
    ...counted,
    LD_PRELOAD: library,
    FAULT_LOG: log,
    ...(fault && { FAULT_DO: fault.action, FAULT_AT: `${fault.at}`, FAULT_TIMES: `${fault.times ?? 1}` }),
    ...(fault?.only && { FAULT_ONLY: fault.only.join(',') }),
    ...(slow && { FAULT_SLOW: slow.join(':') }),
    ...(stall && { FAULT_STALL: stall.join(':') }),
    ...(host !== undefined && { FAULT_HOST: host }),
    ...(hasData && { FAULT_DATA: '1' }),
  };
}

/** One system call at the destination. */
export interface Call {
  readonly number: number;
  /** As in its man page, without sizes such as 64; `sendfile` stands for copy_file_range(), too. */
  readonly name: string;
  readonly result: number;
  readonly isHit: boolean;
  readonly descriptor: number;
  readonly flags: number;
  /** -1 where it continues at the descriptor's own. */
  readonly offset: number;
  /** Below the destination. */
  readonly path: string;
  readonly second: string;
  readonly data: Buffer;
}

/** In the order of their numbers. */
export async function readCalls(log: string): Promise<Call[]> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const calls = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Call => {
      const [number, name = '', result, , hit, descriptor, flags, offset, path = '', second = '', data = ''] =
        line.split('\t');
      return {
        number: Number(number),
        name,
        result: Number(result),
        isHit: hit === '!',
        descriptor: Number(descriptor),
        flags: Number(flags),
        offset: Number(offset),
        path,
        second,
        data: Buffer.from(data, 'hex'),
      };
    });
  return calls.sort((a, b) => a.number - b.number);
}
