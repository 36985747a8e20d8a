// Tells a webhook what failed, was refused, and is well again.
import pLimit from 'p-limit';
import type { NotifyConfig } from '../../core/config.js';
import { messageOf, ReportError } from '../../core/errors.js';
import type { JobResult, RunListener } from '../events.js';
import { type OpenDestination, readAlarm, removeAlarm, withDestination, writeAlarm } from './alarm.js';
import { BODIES } from './bodies.js';
import { failureNotice, recoveryNotice, subjectOf, type Teller } from './notice.js';
import { send } from './send.js';
import type { Notice } from './shapes.js';

export type Webhook = NonNullable<NotifyConfig['webhook']>;

export interface WebhookOptions {
  readonly webhook: Webhook;
  readonly openDestination: OpenDestination;
  readonly teller: () => Teller;
  /** One line. */
  readonly warn: (message: string) => void;
  /** Milliseconds for what is still to be told when the run has ended. */
  readonly patience: () => number;
}

/** Sends while the run goes on, one after the other; only the end of the run waits for it. */
export function webhookListener(options: WebhookOptions): RunListener {
  const { webhook, warn } = options;
  const limit = pLimit(1);
  const closing = new AbortController();
  const untold: string[] = [];
  const told: Promise<void>[] = [];
  let why = '';
  return {
    async jobEnded(result) {
      const telling = limit(async () => {
        try {
          await tell(result, options, closing.signal);
        } catch (error) {
          untold.push(subjectOf({ report: result.report, period: result.period ?? null }));
          why = why || messageOf(error);
        }
      });
      told.push(telling);
    },
    async ended() {
      const timer = setTimeout(() => closing.abort(), options.patience());
      await Promise.all(told);
      clearTimeout(timer);
      if (untold.length === 0) return;
      const others = untold.length === 1 ? '' : ` and ${untold.length - 1} more`;
      warn(`the webhook ${webhook.url.toString()} was not told of ${untold[0]}${others}: ${why}`);
    },
  };
}

/** @throws Error when it could not be sent */
async function tell(result: JobResult, options: WebhookOptions, signal: AbortSignal): Promise<void> {
  const { report, period } = result;
  if (result.outcome !== 'failed') return await tellRecovery(result, options, signal);
  if (!isAlarming(result.error)) return;
  const notice = failureNotice(result, options.teller());
  await sendNotice(options.webhook, notice, signal);
  if (period === undefined) return;
  await noted(options, `the alarm of ${subjectOf(notice)} could not be noted`, async (destination) => {
    await writeAlarm(destination, notice, period, await readAlarm(destination, report, period));
  });
}

/** That somebody else is at it is no failure, and who pressed Ctrl-C knows. */
function isAlarming(error: unknown): boolean {
  if (error instanceof ReportError) return error.exitCode !== 0 && error.code !== 'already-running';
  return (error as { readonly exitCode?: unknown } | null)?.exitCode !== 130;
}

async function tellRecovery(
  { report, title, period, outcome, record }: JobResult,
  options: WebhookOptions,
  signal: AbortSignal,
): Promise<void> {
  if (period === undefined) return;
  const about = `whether ${subjectOf({ report, period })} was in trouble could not be read`;
  const alarm = await noted(options, about, (destination) => readAlarm(destination, report, period));
  if (alarm === undefined) return;
  // What was published before the alarm does not end it: a restatement that failed has still not happened.
  if (outcome === 'unchanged' && (record === undefined || record.finished < alarm.since)) return;
  const notice = recoveryNotice({ report, title, period }, record, alarm, options.teller());
  await sendNotice(options.webhook, notice, signal);
  await noted(options, `the alarm of ${subjectOf(notice)} could not be removed`, (destination) =>
    removeAlarm(destination, alarm, period),
  );
}

/** Notes are a help, not a condition: a failure is a warning. */
async function noted<T>(
  { openDestination, warn }: Pick<WebhookOptions, 'openDestination' | 'warn'>,
  what: string,
  work: Parameters<typeof withDestination<T>>[1],
): Promise<T | undefined> {
  try {
    return await withDestination(openDestination, work);
  } catch (error) {
    warn(`${what}: ${messageOf(error)}`);
    return undefined;
  }
}

/** @throws Error whose message holds no secret */
export async function sendNotice(
  { url, format }: Webhook,
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(BODIES[format](notice));
  await send(url, { body, contentType: 'application/json', signal });
}
