// The worker thread's program: answers each range of an open file with the rows that are in it.
import { parentPort, workerData } from 'node:worker_threads';
import { RangeMaker, type Task } from './range-maker.js';
import type { Range } from './ranges.js';

export interface Question {
  /** Of the open file: descriptors are shared by all threads of a process. */
  readonly descriptor: number;
  readonly range: Range;
}

const maker = new RangeMaker(workerData as Task);
parentPort?.on('message', ({ descriptor, range }: Question) => {
  const made = maker.make(descriptor, range);
  const moved = made?.rows.flatMap(({ bytes, ends }) => [bytes.buffer, ends.buffer]);
  parentPort?.postMessage(made, moved as ArrayBuffer[] | undefined);
});
parentPort?.postMessage('ready');
