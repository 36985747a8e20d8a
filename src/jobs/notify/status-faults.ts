// What status --notify does: webhook messages, and the metrics file.
import { hostname } from 'node:os';
import type { Config } from '../../core/config.js';
import { messageOf, ReportError } from '../../core/errors.js';
import type { Session } from '../../core/session.js';
import { openFor } from '../../destinations/for-session.js';
import { FAULTS, type PeriodLine } from '../../publish/status.js';
import type { Report } from '../../reports/report.js';
import { sendFaults } from './faults.js';
import { writeStatusMetrics } from './metrics.js';
import type { Webhook } from './webhook.js';

/** @throws ReportError `usage` when nobody is to be notified */
export function requireNotified({ notify }: Config): void {
  if (notify.webhook !== undefined || notify.metricsFile !== undefined) return;
  throw new ReportError('usage', 'status: --notify without a webhook and without a metrics file', {
    hint: 'Set REPORTCTL_WEBHOOK_URL or REPORTCTL_METRICS_FILE.',
  });
}

/**
 * Sends a message for each line that needs one, and writes the metrics of each report. A failure is only a warning: the status
 * decides the exit code.
 */
export async function notifyFaults(
  session: Session,
  reports: readonly Report[],
  lines: readonly PeriodLine[],
): Promise<void> {
  const { webhook, metricsFile } = session.config.notify;
  if (metricsFile !== undefined) await writeMetrics(session, metricsFile, lines);
  if (webhook !== undefined) await sendMessages(session, webhook, reports, lines);
}

async function writeMetrics(
  { log, now }: Session,
  file: string,
  lines: readonly PeriodLine[],
): Promise<void> {
  const warn = (message: string) => log.warn(message);
  await writeStatusMetrics({ file, warn }, lines, now).catch((error: unknown) => {
    const reason = error instanceof ReportError ? error.reason : messageOf(error);
    warn(`the metrics file ${file} could not be written: ${reason}`);
  });
}

async function sendMessages(
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
