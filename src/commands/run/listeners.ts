// Who hears of this run, out of the environment.
import { openDestination } from '../../destinations/index.js';
import { notifyListeners } from '../../notify.js';
import type { RunListener } from '../../run-events.js';
import type { Session } from '../context.js';

/** None, where the environment names none. They warn by themselves, and throw nothing. */
export function listenersOf({ config, log, runId, signal }: Session): Promise<RunListener[]> {
  return notifyListeners({
    config: config.notify,
    run: runId,
    signal,
    warn: (message) => log.warn(message),
    openDestination: (own) =>
      openDestination(config.destination, { token: runId, signal: own, s3: config.s3 }),
  });
}
