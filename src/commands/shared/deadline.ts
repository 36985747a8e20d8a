// The option --deadline, the same in every command that can take long.
import { Option } from 'commander';
import { Deadline, DeadlineReached, deadlineError } from '../../core/deadline.js';
import { CLEANUP_TIMEOUT_MS, Unconfirmed, Watchdog } from '../../core/watchdog.js';
import type { CommandSession } from './context.js';

export interface DeadlineOptions {
  readonly deadline?: string;
}

/** @param more what `--help` adds, such as the default */
export function deadlineOption(more = ''): Option {
  return new Option(
    '--deadline <when>',
    `stop what is not finished by then: 2h30m, 03:00, or an instant; exit 7${more}`,
  );
}

/** The deadline that the command line gives. @throws ReportError `usage` when the text says no time, or one that is over */
export function deadlineOf({ deadline }: DeadlineOptions, { now }: CommandSession): Deadline | undefined {
  return deadline === undefined ? undefined : new Deadline('--deadline', deadline, now);
}

/** The zone of times such as `03:00` where no report has one: that of this host, as in its crontab. */
export const HOST_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface About {
  /** Of times such as `03:00`; undefined while the reports, and with them their zones, are not known. */
  readonly timezone: string | undefined;
  /** What a message says when the deadline comes: `verify: not everything was compared`. */
  readonly undone: string;
  /** The work writes nothing, so that nothing can be left behind. */
  readonly isReading: boolean;
}

/**
 * Does the work until the deadline. From then on the work has some seconds to clean up; what hangs longer is left behind.
 * @param work its session's signal also fires at the deadline
 * @throws ReportError `not-ready` at the deadline, and what the work throws
 */
export async function withDeadline<T>(
  session: CommandSession,
  deadline: Deadline | undefined,
  { timezone, undone, isReading }: About,
  work: (session: CommandSession) => Promise<T>,
): Promise<T> {
  if (deadline === undefined) return work(session);
  const watchdog = new Watchdog(session.signal, CLEANUP_TIMEOUT_MS);
  const { signal } = watchdog;
  try {
    deadline.start(watchdog, timezone);
    return await watchdog.watch(
      () => work({ ...session, signal }),
      () => session.effects,
    );
  } catch (error) {
    const { reason } = signal;
    if (!(reason instanceof DeadlineReached)) throw error;
    throw deadlineError(reason, isReading && error instanceof Unconfirmed ? reason : error, undone);
  } finally {
    watchdog.close();
  }
}
