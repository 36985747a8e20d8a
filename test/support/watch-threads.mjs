// Preloaded into a spawned process: writes into THREADS_LOG how many ranges with rows its threads have read.
import { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import threads, { isMainThread, Worker } from 'node:worker_threads';

if (isMainThread) {
  let ranges = 0;
  threads.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.on('message', (answer) => {
        if (answer !== 'ready' && answer?.rows.length > 0) ranges += 1;
      });
    }
  };
  syncBuiltinESMExports();
  process.on('exit', () => writeFileSync(process.env.THREADS_LOG, String(ranges)));
}
