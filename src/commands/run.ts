// reportctl run: publishes every output of reports for their closed periods, once. Schedulers call it.
import { Command, InvalidArgumentError } from 'commander';
import { parseConcurrency, parseMilliseconds } from '../core/config/values.js';
import { Deadline } from '../core/deadline.js';
import { ReportError } from '../core/errors.js';
import { chooseJobs, type JobChoice } from '../jobs/choose.js';
import { runJobs } from '../jobs/run-jobs.js';
import { createPresenter } from './run/presenter.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './shared/context.js';
import { type DeadlineOptions, deadlineOf, deadlineOption, withDeadline } from './shared/deadline.js';
import { addNameValue } from './shared/filter-options.js';
import { TRACE_OPTION, traceOfRun } from './shared/with-trace.js';

interface RunOptions extends CommonOptions, DeadlineOptions, JobChoice {
  readonly restate?: string;
  readonly quarantine?: true;
  readonly jobs?: string;
  readonly retryFor?: string;
  /** Commander sets it to false for `--no-wait`. */
  readonly wait?: boolean;
  readonly otel?: true;
}

export function runCommand(context: Context): Command {
  const command = new Command('run')
    .description('publish the closed period of reports, once')
    .argument('[reports...]', 'names in queries/, or paths of report files')
    .option('--all', 'every report that has outputs')
    .option('--date <when>', 'the period that contains this day (the last closed one)')
    .option('--since <when>', 'every period from the one that contains this day')
    .option('--until <when>', '… to the one that contains this day (the last closed one)')
    .option(
      '--catch-up <periods>',
      'also publish what is missing among this many last periods, oldest first',
      parsePeriodCount,
    )
    .option('--param <name=value>', 'a param of the reports', addNameValue)
    .option('--restate <reason>', 'read again, and replace what is published if it differs')
    .option('--jobs <number>', 'how many reports run at the same time (REPORTCTL_JOBS, 2)')
    .option(
      '--retry-for <duration>',
      'how long to retry after temporary failures; 0 never retries (REPORTCTL_RETRY_FOR, 15m)',
    )
    .addOption(deadlineOption('; none waits without end (REPORTCTL_DEADLINE, 6h)'))
    .option('--no-wait', 'check the conditions of wait-for once instead of waiting for them')
    .option(
      '--quarantine',
      'keep files that fail a gate under _quarantine/ (every file is then written twice)',
    )
    .option('--otel', TRACE_OPTION);
  addCommonOptions(command);
  return command.action(async (names: string[], options: RunOptions) => {
    if (options.restate?.trim() === '') {
      throw new ReportError('usage', 'run: --restate without a reason', {
        hint: 'Give the reason in a few words: the run record keeps it.',
      });
    }
    const session = await openSession(context, options);
    const deadline =
      deadlineOf(options, session) ??
      new Deadline('REPORTCTL_DEADLINE', session.config.deadline, session.now);
    // A time of day is in the zone of each report, and no report is known yet.
    const choosing = { timezone: undefined, undone: 'run: no report was started', isReading: true };
    const jobs = await withDeadline(session, deadline, choosing, (bounded) =>
      chooseJobs(names, options, bounded),
    );
    const { restate, quarantine } = options;
    const { span, listener } = await traceOfRun(session, options);
    const { failure } = await runJobs(session, jobs, {
      span,
      restate,
      quarantine,
      deadline,
      concurrency:
        options.jobs === undefined ? session.config.jobs : parseConcurrency('--jobs', options.jobs),
      retryForMs:
        options.retryFor === undefined
          ? session.config.retryFor
          : parseMilliseconds('--retry-for', options.retryFor),
      askOnce: options.wait === false,
      presenter: createPresenter(session, jobs.length),
      listeners: [listener],
    });
    if (failure !== undefined) throw failure;
  });
}

/** A year of days. */
const MAX_CATCH_UP_PERIODS = 366;

function parsePeriodCount(value: string): number {
  const count = /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (count >= 1 && count <= MAX_CATCH_UP_PERIODS) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MAX_CATCH_UP_PERIODS}.`);
}
