// Preloaded into a spawned process: writes into THREADS_LOG how many ranges with rows its threads have read, and how many of them
// were ended, as each is after THREADS_END ranges.
import { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import threads, { isMainThread, Worker } from 'node:worker_threads';

if (isMainThread) {
  const seen = { ranges: 0, ended: 0 };
  threads.Worker = class extends Worker {
    #answers = 0;

    constructor(...given) {
      super(...given);
      this.on('message', (answer) => {
        if (answer === 'ready') return;
        if (answer?.rows.length > 0) seen.ranges += 1;
        this.#answers += 1;
        if (this.#answers !== Number(process.env.THREADS_END)) return;
        seen.ended += 1;
        this.terminate();
      });
    }
  };
  syncBuiltinESMExports();
  process.on('exit', () => writeFileSync(process.env.THREADS_LOG, JSON.stringify(seen)));
}
