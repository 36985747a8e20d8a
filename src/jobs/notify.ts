// Who hears of a run: webhook, heartbeat, metrics file. None of them can change what the run does or how it ends.
import { hostname } from 'node:os';
import type { NotifyConfig } from '../core/config.js';
import type { RunListener } from './events.js';
import type { OpenDestination } from './notify/alarm.js';

export interface NotifyOptions {
  readonly config: NotifyConfig;
  /** The id of this process's run. */
  readonly run: string;
  readonly openDestination: OpenDestination;
  readonly warn: (message: string) => void;
  /** Of the run. */
  readonly signal: AbortSignal;
}

/** Milliseconds that each listener may hold the end of a run: an interrupted one has ten seconds for everything. */
const PATIENCE = 30_000;
const INTERRUPTED_PATIENCE = 2_000;

/** Each warns by itself and throws nothing. */
export async function notifyListeners(options: NotifyOptions): Promise<RunListener[]> {
  const { config, run, openDestination, warn, signal } = options;
  const patience = () => (signal.aborted ? INTERRUPTED_PATIENCE : PATIENCE);
  const listeners: RunListener[] = [];
  if (config.metricsFile !== undefined) {
    const { metricsListener } = await import('./notify/metrics.js');
    listeners.push(metricsListener({ file: config.metricsFile, warn }));
  }
  if (config.webhook !== undefined) {
    const { webhookListener } = await import('./notify/webhook.js');
    const teller = () => ({ run, host: hostname(), now: Date.now() });
    listeners.push(webhookListener({ webhook: config.webhook, openDestination, teller, warn, patience }));
  }
  if (config.heartbeat !== undefined) {
    const { heartbeatListener } = await import('./notify/heartbeat.js');
    listeners.push(heartbeatListener({ url: config.heartbeat, run, warn, patience }));
  }
  return listeners;
}
