// reportctl run: every output of the reports for their closed periods, once; what cron calls.
import { Command, InvalidArgumentError } from 'commander';
import { parseConcurrency, parseMilliseconds } from '../core/config/values.js';
import { ReportError } from '../core/errors.js';
import { type Choice, chosenJobs } from '../jobs/choose.js';
import { runJobs } from '../jobs/run-jobs.js';
import { createPresenter } from './run/presenter.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './shared/context.js';
import { paired } from './shared/filter-options.js';
import { inTrace, TRACE_OPTION } from './shared/in-trace.js';

interface RunOptions extends CommonOptions, Choice {
  readonly restate?: string;
  readonly quarantine?: true;
  readonly jobs?: string;
  readonly retryFor?: string;
  readonly deadline?: string;
  /** False with `--no-wait`. */
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
    .option('--catch-up <periods>', 'also what is missing of so many last periods, the oldest first', bounded)
    .option('--param <name=value>', 'a param of the reports', paired)
    .option('--restate <reason>', 'read again, and replace what is published if it differs')
    .option('--jobs <number>', 'so many reports at once (REPORTCTL_JOBS, 2)')
    .option(
      '--retry-for <duration>',
      'try again what can heal, so long; 0 is once (REPORTCTL_RETRY_FOR, 15m)',
    )
    .option('--deadline <when>', 'end what is not done by then: 2h30m, 03:00, or an instant; exit 7')
    .option('--no-wait', 'ask once for what a report waits for')
    .option('--quarantine', 'keep files that a gate refuses under _quarantine/ (they are written twice)')
    .option('--otel', TRACE_OPTION);
  addCommonOptions(command);
  return command.action(async (names: string[], options: RunOptions) => {
    if (options.restate?.trim() === '') {
      throw new ReportError('usage', 'run: --restate without a reason', {
        hint: 'Say why, in a few words: it is kept with the report.',
      });
    }
    const session = await openSession(context, options);
    const jobs = await chosenJobs(names, options, session);
    const { restate, quarantine, deadline } = options;
    await inTrace(session, 'run', options, async (span) => {
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
      });
      if (failure !== undefined) throw failure;
    });
  });
}

/** How far back to look: a year of days. */
const MOST_PERIODS = 366;

function bounded(value: string): number {
  if (/^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MOST_PERIODS) return Number(value);
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MOST_PERIODS}.`);
}
