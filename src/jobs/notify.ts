// The listeners that report a run elsewhere: webhook, heartbeat, metrics file. None of them changes the run or its exit code.
import { hostname } from 'node:os';
import type { NotifyConfig } from '../core/config.js';
import type { RunListener } from './events.js';
import type { OpenDestination } from './notify/alarm.js';

export interface NotifyOptions {
  readonly config: NotifyConfig;
  /** The run id of this process. */
  readonly run: string;
  readonly openDestination: OpenDestination;
  readonly warn: (message: string) => void;
}

/** A listener for each target in the configuration. Listeners warn when they fail, and never throw. */
export async function notifyListeners(options: NotifyOptions): Promise<RunListener[]> {
  const { config, run, openDestination, warn } = options;
  const listeners: RunListener[] = [];
  if (config.metricsFile !== undefined) {
    const { metricsListener } = await import('./notify/metrics.js');
    listeners.push(metricsListener({ file: config.metricsFile, warn }));
  }
  if (config.webhook !== undefined) {
    const { webhookListener } = await import('./notify/webhook.js');
    const sender = () => ({ run, host: hostname(), now: Date.now() });
    listeners.push(webhookListener({ webhook: config.webhook, openDestination, sender, warn }));
  }
  if (config.heartbeat !== undefined) {
    const { heartbeatListener } = await import('./notify/heartbeat.js');
    listeners.push(heartbeatListener({ url: config.heartbeat, run, warn }));
  }
  return listeners;
}
