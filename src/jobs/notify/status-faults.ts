// What status --notify sends, out of the environment.
import { hostname } from 'node:os';
import type { Config } from '../../core/config.js';
import { ReportError } from '../../core/errors.js';
import type { Session } from '../../core/session.js';
import { openDestination } from '../../destinations/index.js';
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
  { config, runId, log, signal }: Session,
  webhook: Webhook,
  reports: readonly Report[],
  lines: readonly PeriodLine[],
): Promise<void> {
  const titles = new Map(reports.map(({ name, title }) => [name, title]));
  await tellFaults(
    lines.map((line) => ({
      ...line,
      title: titles.get(line.report),
      isFault: FAULTS.includes(line.status),
    })),
    {
      webhook,
      openDestination: (own) =>
        openDestination(config.destination, { token: runId, signal: own, s3: config.s3 }),
      teller: () => ({ run: runId, host: hostname(), now: Date.now() }),
      warn: (message) => log.warn(message),
      signal,
    },
  );
}
