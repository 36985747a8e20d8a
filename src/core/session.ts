// What the work of a command or a request needs of its surroundings: no terminal, no exit code, no `process`.
import type { Config } from './config.js';
import type { Effect } from './effect.js';
import type { Log } from './log.js';

export interface Session {
  readonly config: Config;
  readonly log: Log;
  /** Epoch milliseconds, read once: the date does not change while a command runs. */
  readonly now: number;
  /** Aborted when the work must end; its reason is what the work then throws. */
  readonly signal: AbortSignal;
  /** A UUID for logs, notifications and traces of this run. */
  readonly runId: string;
  /** By the titles of the jobs that began, the effect of the last attempt: what is said when the process must end before it could clean up. */
  readonly effects: Map<string, Effect>;
}
