// Sends webhook messages about the jobs of a run that failed, were refused, or recovered.
import pLimit from 'p-limit';
import type { NotifyConfig } from '../../core/config.js';
import type { Destination } from '../../core/destination.js';
import { messageOf, ReportError } from '../../core/errors.js';
import { LeaseHeld } from '../../publish/lease/files.js';
import type { JobResult, RunListener } from '../events.js';
import {
  type NotedAlarm,
  type OpenDestination,
  readAlarm,
  removeAlarm,
  withNoteDestination,
  writeAlarm,
} from './alarm.js';
import { BODIES } from './bodies.js';
import { causeOf, groupsOf, MAX_MESSAGES, rootError } from './causes.js';
import { failureNotice, namesOf, recoveryNotice, type Sender, subjectOf, withOthers } from './notice.js';
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

/** Milliseconds from the first failure until it is told; what fails meanwhile for the same reason is in the same message. */
const GATHERING_MS = 60_000;

const MAX_PARALLEL_NOTES = 8;

/** What a job came to that a message has to tell. */
interface Told {
  readonly result: JobResult;
  /** Of a recovery: the note that says that the trouble was told. */
  readonly alarm: NotedAlarm | undefined;
}

/**
 * A listener that sends one message for each cause: a minute after the first failure, and what came later for the same cause at
 * the end of the run, which alone waits for it.
 */
export function webhookListener(options: WebhookOptions): RunListener {
  const { webhook, warn } = options;
  const limit = pLimit(1);
  const sending = new AbortController();
  const work: Promise<void>[] = [];
  const due: Told[] = [];
  const unsent: string[] = [];
  const toldCauses = new Set<string>();
  let messages = 0;
  let firstError = '';
  let timer: NodeJS.Timeout | undefined;

  /** @param isEnd whether what has a cause that was told is told, too */
  const sendDue = async (isEnd: boolean) => {
    timer = undefined;
    const groups = groupsOf(due.splice(0), causeOfTold);
    for (const group of groups) {
      const cause = causeOfTold(group[0]);
      if (!isEnd && (toldCauses.has(cause) || messages >= MAX_MESSAGES - 1)) {
        due.push(...group);
        continue;
      }
      const rest = messages === MAX_MESSAGES - 1 ? groups.splice(groups.indexOf(group) + 1).flat() : [];
      toldCauses.add(cause);
      messages += 1;
      try {
        await sendTold(group, rest, options, sending.signal);
      } catch (error) {
        const [{ result }] = group;
        unsent.push(subjectOf({ report: result.report, period: result.period ?? null }));
        firstError = firstError || messageOf(error);
      }
    }
  };
  return {
    name: `the webhook ${webhook.url}`,
    async jobEnded(result) {
      work.push(
        limit(async () => {
          const told = await toTell(result, options, sending.signal);
          if (told === undefined) return;
          due.push(told);
          timer ??= setTimeout(() => void work.push(limit(() => sendDue(false))), GATHERING_MS).unref();
        }),
      );
    },
    async ended(_, { signal }) {
      signal.addEventListener('abort', () => sending.abort(), { once: true });
      await Promise.all(work);
      clearTimeout(timer);
      await limit(() => sendDue(true));
      if (unsent.length === 0) return;
      const others = unsent.length === 1 ? '' : ` and ${unsent.length - 1} more`;
      warn(
        `the webhook ${webhook.url.toString()} did not get the message about ${unsent[0]}${others}: ${firstError}`,
      );
    },
  };
}

function causeOfTold({ result, alarm }: Told): string {
  return alarm === undefined ? causeOf(result) : `recovered ${alarm.message}`;
}

/** What a message has to tell of a job's result, if anything. */
async function toTell(
  result: JobResult,
  options: WebhookOptions,
  signal: AbortSignal,
): Promise<Told | undefined> {
  const { report, period, outcome, record } = result;
  if (outcome === 'failed') return needsAlarm(result.error) ? { result, alarm: undefined } : undefined;
  if (period === undefined) return undefined;
  const failed = `the alarm note of ${subjectOf({ report, period })} could not be read`;
  const alarm = await orWarn(options, signal, failed, (destination) =>
    readAlarm(destination, report, period),
  );
  // A record older than the alarm does not end the alarm: the restatement that failed still has to happen.
  const isOlder = outcome === 'unchanged' && (record === undefined || record.finished < (alarm?.since ?? ''));
  return alarm === undefined || isOlder ? undefined : { result, alarm };
}

/**
 * Sends the message about what has one cause, and keeps the notes.
 * @param rest what has other causes, when this is the last message of the run
 * @throws Error when it could not be sent
 */
async function sendTold(
  group: readonly [Told, ...Told[]],
  rest: readonly Told[],
  options: WebhookOptions,
  signal: AbortSignal,
): Promise<void> {
  const [first] = group;
  const told = [...group, ...rest];
  const sender = options.sender();
  const own = (one: Told) => noticeOf(one, sender);
  const notice = withOthers(
    own(first),
    told.slice(1).map(({ result }) => result),
  );
  const message =
    rest.length === 0
      ? notice.message
      : `${notice.message}; ${rest.length} of these have other causes, see the log`;
  await sendNotice(options.webhook, { ...notice, message }, signal);
  const noted = told.filter(({ result }) => result.period !== undefined);
  if (noted.length === 0) return;
  const failed = `the alarm ${noted.length === 1 ? 'note' : 'notes'} of ${namesOf(notice)} could not be ${first.alarm === undefined ? 'written' : 'removed'}`;
  await orWarn(options, signal, failed, async (destination) => {
    await pLimit(MAX_PARALLEL_NOTES).map(noted, (one) => keepNote(destination, one, own(one)));
  });
}

function noticeOf({ result, alarm }: Told, sender: Sender): Notice {
  const { period } = result;
  if (alarm !== undefined && period !== undefined)
    return recoveryNotice({ ...result, period }, result.record, alarm, sender);
  return failureNotice({ ...result, error: rootError(result.error) }, sender);
}

async function keepNote(
  destination: Destination,
  { result: { report, period }, alarm }: Told,
  notice: Notice,
): Promise<void> {
  if (period === undefined) return;
  if (alarm !== undefined) return await removeAlarm(destination, alarm, period);
  await writeAlarm(destination, notice, period, await readAlarm(destination, report, period));
}

/** False for a period that another run is at work on, which tells its end, and for a job that the user interrupted (exit code 130). */
function needsAlarm(error: unknown): boolean {
  if (error instanceof LeaseHeld) return !error.isAtWork;
  if (error instanceof ReportError) return error.exitCode !== 0;
  return (error as { readonly exitCode?: unknown } | null)?.exitCode !== 130;
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
