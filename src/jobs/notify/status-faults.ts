// Sends the webhook messages of status --notify.
import { hostname } from 'node:os';
import type { Config } from '../../core/config.js';
import { ReportError } from '../../core/errors.js';
import type { Session } from '../../core/session.js';
import { openFor } from '../../destinations/for-session.js';
import { FAULTS, type PeriodLine } from '../../publish/status.js';
import type { Report } from '../../reports/report.js';
import { sendFaults } from './faults.js';
import type { Webhook } from './webhook.js';

/** The configured webhook. @throws ReportError `usage` when there is none */
export function requireWebhook({ notify }: Config): Webhook {
  if (notify.webhook !== undefined) return notify.webhook;
  throw new ReportError('usage', 'status: --notify without a webhook', {
    hint: 'Set REPORTCTL_WEBHOOK_URL.',
  });
}

/** Sends a message for each line that needs one. A failure is only a warning: the status decides the exit code. */
export async function notifyFaults(
  session: Session,
  webhook: Webhook,
  reports: readonly Report[],
  lines: readonly PeriodLine[],
): Promise<void> {
  const { runId, log, signal } = session;
  const titles = new Map(reports.map(({ name, title }) => [name, title]));
  await sendFaults(
    lines.map((line) => ({
      ...line,
      title: titles.get(line.report),
      isFault: FAULTS.includes(line.status),
    })),
    {
      webhook,
      openDestination: (noteSignal) => openFor(session, { token: runId, signal: noteSignal }),
      sender: () => ({ run: runId, host: hostname(), now: Date.now() }),
      warn: (message) => log.warn(message),
      signal,
    },
  );
}
