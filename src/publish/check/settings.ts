// What check warns of in the settings: addresses whose requests the network can read.
import type { Finding } from '../../core/destination.js';
import { isLoopback } from '../../core/loopback.js';
import type { Session } from '../../core/session.js';

const ENDPOINTS = [
  'AWS_ENDPOINT_URL_S3',
  'REPORTCTL_WEBHOOK_URL',
  'REPORTCTL_HEARTBEAT_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
];

/** A warning for each endpoint in clear text on another machine; shows its host alone. */
export function checkSettings({ config: { environment } }: Pick<Session, 'config'>): Finding[] {
  return ENDPOINTS.flatMap((name): Finding[] => {
    const value = environment.get(name)?.trim() ?? '';
    if (!URL.canParse(value)) return [];
    const { protocol, hostname } = new URL(value);
    if (protocol !== 'http:' || isLoopback(hostname)) return [];
    const detail = `requests to http://${hostname} are not encrypted; use https://`;
    return [{ subject: `setting ${name}`, ok: true, isWarning: true, detail }];
  });
}
