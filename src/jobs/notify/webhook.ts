// Sends webhook messages about the jobs of a run that failed, were refused, or recovered.
import pLimit from 'p-limit';
import type { NotifyConfig } from '../../core/config.js';
import { messageOf, ReportError } from '../../core/errors.js';
import { LeaseHeld } from '../../publish/lease/files.js';
import type { JobResult, RunListener } from '../events.js';
import { type OpenDestination, readAlarm, removeAlarm, withNoteDestination, writeAlarm } from './alarm.js';
import { BODIES } from './bodies.js';
import { failureNotice, recoveryNotice, type Sender, subjectOf } from './notice.js';
import { send } from './send.js';
import type { Notice } from './shapes.js';

export type Webhook = NonNullable<NotifyConfig['webhook']>;

export interface WebhookOptions {
  readonly webhook: Webhook;
  readonly openDestination: OpenDestination;
  readonly sender: () => Sender;
  /** @param message one line */
  readonly warn: (message: string) => void;
}

/** A listener that sends messages one after the other while the run continues; only the end of the run waits for them. */
export function webhookListener(options: WebhookOptions): RunListener {
  const { webhook, warn } = options;
  const limit = pLimit(1);
  const sending = new AbortController();
  const unsent: string[] = [];
  const messages: Promise<void>[] = [];
  let firstError = '';
  return {
    name: `the webhook ${webhook.url}`,
    async jobEnded(result) {
      const message = limit(async () => {
        try {
          await sendResult(result, options, sending.signal);
        } catch (error) {
          unsent.push(subjectOf({ report: result.report, period: result.period ?? null }));
          firstError = firstError || messageOf(error);
        }
      });
      messages.push(message);
    },
    async ended(_, { signal }) {
      signal.addEventListener('abort', () => sending.abort(), { once: true });
      await Promise.all(messages);
      if (unsent.length === 0) return;
      const others = unsent.length === 1 ? '' : ` and ${unsent.length - 1} more`;
      warn(
        `the webhook ${webhook.url.toString()} did not get the message about ${unsent[0]}${others}: ${firstError}`,
      );
    },
  };
}

/** Sends the message that a job's result needs, if any. @throws Error when it could not be sent */
async function sendResult(result: JobResult, options: WebhookOptions, signal: AbortSignal): Promise<void> {
  const { report, period } = result;
  if (result.outcome !== 'failed') return await sendRecovery(result, options, signal);
  if (!needsAlarm(result.error)) return;
  const notice = failureNotice(result, options.sender());
  await sendNotice(options.webhook, notice, signal);
  if (period === undefined) return;
  const failed = `the alarm note of ${subjectOf(notice)} could not be written`;
  await orWarn(options, signal, failed, async (destination) => {
    await writeAlarm(destination, notice, period, await readAlarm(destination, report, period));
  });
}

/** False for a period that another run is at work on, which tells its end, and for a job that the user interrupted (exit code 130). */
function needsAlarm(error: unknown): boolean {
  if (error instanceof LeaseHeld) return !error.isAtWork;
  if (error instanceof ReportError) return error.exitCode !== 0;
  return (error as { readonly exitCode?: unknown } | null)?.exitCode !== 130;
}

async function sendRecovery(
  { report, title, period, outcome, record }: JobResult,
  options: WebhookOptions,
  signal: AbortSignal,
): Promise<void> {
  if (period === undefined) return;
  const failed = `the alarm note of ${subjectOf({ report, period })} could not be read`;
  const alarm = await orWarn(options, signal, failed, (destination) =>
    readAlarm(destination, report, period),
  );
  if (alarm === undefined) return;
  // A record older than the alarm does not end the alarm: the restatement that failed still has to happen.
  if (outcome === 'unchanged' && (record === undefined || record.finished < alarm.since)) return;
  const notice = recoveryNotice({ report, title, period }, record, alarm, options.sender());
  await sendNotice(options.webhook, notice, signal);
  const kept = `the alarm note of ${subjectOf(notice)} could not be removed`;
  await orWarn(options, signal, kept, (destination) => removeAlarm(destination, alarm, period));
}

/** Does work on alarm notes. A failure is a warning that begins with `failed`, because the message itself was or will be sent. */
async function orWarn<T>(
  { openDestination, warn }: Pick<WebhookOptions, 'openDestination' | 'warn'>,
  signal: AbortSignal,
  failed: string,
  work: Parameters<typeof withNoteDestination<T>>[1],
): Promise<T | undefined> {
  try {
    return await withNoteDestination(openDestination, work, signal);
  } catch (error) {
    warn(`${failed}: ${messageOf(error)}`);
    return undefined;
  }
}

/** Sends a notice in the webhook's format. @throws Error whose message contains no secret */
export async function sendNotice(
  { url, format }: Webhook,
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(BODIES[format](notice));
  await send(url, { body, contentType: 'application/json', signal });
}
