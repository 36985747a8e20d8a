// The option --deadline, the same in every command that can take long.
import { Option } from 'commander';
import { Deadline, DeadlineReached, deadlineError } from '../../core/deadline.js';
import { END_TIMEOUT_MS, Watchdog } from '../../core/watchdog.js';
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

/**
 * Does the work until the deadline. From then on the work has nine seconds to clean up; what hangs longer is left behind.
 * @param about the time zone of times such as `03:00`, and what was not done then: `verify: not everything was compared`
 * @param work its session's signal also fires at the deadline
 * @throws ReportError `not-ready` at the deadline, Unconfirmed nine seconds after another end, and what the work throws
 */
export async function withDeadline<T>(
  session: CommandSession,
  deadline: Deadline | undefined,
  { timezone, undone }: { readonly timezone: string | undefined; readonly undone: string },
  work: (session: CommandSession) => Promise<T>,
): Promise<T> {
  if (deadline === undefined) return work(session);
  const watchdog = new Watchdog(session.signal, END_TIMEOUT_MS);
  const { signal } = watchdog;
  try {
    deadline.start(watchdog, timezone);
    return await watchdog.watch(
      () => work({ ...session, signal }),
      () => session.effects,
    );
  } catch (error) {
    if (!(signal.reason instanceof DeadlineReached)) throw error;
    throw deadlineError(signal.reason, error, undone);
  } finally {
    watchdog.close();
  }
}
