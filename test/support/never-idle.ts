// For tests of what a connection brings: it may be silent for ever.
import { IdleWatch } from '../../src/core/idle-watch.js';

export const NEVER_IDLE = new IdleWatch({
  idleMs: undefined,
  bytes: () => 0,
  isWorking: async () => true,
  end: () => {},
});
