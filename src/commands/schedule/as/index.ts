// The registry of schedules: the word of `--as` to the text to paste.
import { bucket } from './bucket.js';
import { crontab } from './crontab.js';
import { iam } from './iam.js';
import { kubernetes } from './kubernetes.js';
import type { Plan } from './plan.js';
import { systemd } from './systemd.js';

/** All throw ReportError `usage` for what the word cannot be printed for. */
export const SCHEDULES = { crontab, systemd, kubernetes, iam, bucket } as const satisfies Readonly<
  Record<string, (plan: Plan) => string>
>;
