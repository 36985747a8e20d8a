// What status --notify sends, out of the environment.
import { hostname } from 'node:os';
import type { Config } from '../../core/config.js';
import { ReportError } from '../../core/errors.js';
import type { Session } from '../../core/session.js';
import { openFor } from '../../destinations/for-session.js';
import { FAULTS, type PeriodLine } from '../../publish/status.js';
import type { Report } from '../../reports/report.js';
import { tellFaults } from './faults.js';
import type { Webhook } from './webhook.js';

/** @throws ReportError `usage` when there is nobody to notify */
export function demandedWebhook({ notify }: Config): Webhook {
  if (notify.webhook !== undefined) return notify.webhook;
  throw new ReportError('usage', 'status: --notify without a webhook', {
    hint: 'Set REPORTCTL_WEBHOOK_URL.',
  });
}

/** What cannot be sent is a warning: the exit code is that of status. */
export async function notifyFaults(
  session: Session,
  webhook: Webhook,
  reports: readonly Report[],
  lines: readonly PeriodLine[],
): Promise<void> {
  const { runId, log, signal } = session;
  const titles = new Map(reports.map(({ name, title }) => [name, title]));
  await tellFaults(
    lines.map((line) => ({
      ...line,
      title: titles.get(line.report),
      isFault: FAULTS.includes(line.status),
    })),
    {
      webhook,
      openDestination: (ownSignal) => openFor(session, { token: runId, signal: ownSignal }),
      teller: () => ({ run: runId, host: hostname(), now: Date.now() }),
      warn: (message) => log.warn(message),
      signal,
    },
  );
}
