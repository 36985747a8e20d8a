// The registry of schedules: the value of `--as` to the function that prints it.
import { bucket } from './bucket.js';
import { crontab } from './crontab.js';
import { iam } from './iam.js';
import { kubernetes } from './kubernetes.js';
import type { Plan } from './plan.js';
import { systemd } from './systemd.js';

/** Each function throws ReportError `usage` for a plan that it cannot print. */
export const SCHEDULES = { crontab, systemd, kubernetes, iam, bucket } as const satisfies Readonly<
  Record<string, (plan: Plan) => string>
>;
