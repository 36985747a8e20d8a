// The lines of a user's crontab, or of a file in /etc/cron.d, which has a column for the user.
import { ReportError } from '../../../core/errors.js';
import { shellWord } from '../../../core/shell-word.js';
import { type HostTime, hostTime, irregularDays } from './clock.js';
import {
  type Plan,
  type PlannedRun,
  placeVariables,
  runArguments,
  SECRETS_FOLDER,
  statusArguments,
} from './plan.js';

const LOG_FILE = '/var/log/reportctl/reportctl.log';

/** The crontab to paste. @throws ReportError `usage` for a variable whose value a crontab cannot contain */
export function crontab(plan: Plan): string {
  const { paths, secrets, choices, version } = plan;
  const where = choices.user === undefined ? 'paste it into crontab -e' : 'save it as /etc/cron.d/reportctl';
  const lines = [
    `# Printed by reportctl ${version} schedule: ${where}. First create the folder of the log:`,
    `#   sudo install -d -o ${choices.user ?? '"$USER"'} ${LOG_FILE.slice(0, LOG_FILE.lastIndexOf('/'))}`,
    'SHELL=/bin/sh',
    `PATH=${[...new Set([paths.nodeFolder, '/usr/local/bin', '/usr/bin', '/bin'])].join(':')}`,
    '# cron mails what the job prints when the log file cannot be written.',
    'MAILTO=root',
    ...Object.entries(placeVariables(plan)).map(([name, value]) => `${name}=${quotedValue(name, value)}`),
    ...(Object.keys(secrets).length === 0 ? [] : ['# Each file contains one secret value; chmod 600.']),
    ...Object.entries(secrets).map(([name, file]) => `${name}_FILE=${file ?? `${SECRETS_FOLDER}/${name}`}`),
    ...plan.runs.flatMap((run) => ['', ...runLines(run, plan)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What happens to a job whose time is skipped by a clock change. cron handles changes of the host's own clock only: cron(8). */
const SKIPPED = {
  debian: 'cron runs the job right after the change',
  cronie: 'the job may not run that day; the next run publishes the missing period',
} as const;

function runLines(run: PlannedRun, plan: Plan): string[] {
  const { choices, paths, now } = plan;
  const { zone, at, statusAt } = run;
  const { cron, hostZone, user } = choices;
  const converted = cron === 'cronie' ? undefined : hostTime(at, zone, hostZone, now);
  const onHost = converted?.onHost ?? ((time: string) => time);
  const clock = cron === 'cronie' ? zone : hostZone;
  const line = (time: string, args: readonly string[]) =>
    [
      `${Number(time.slice(3))} ${Number(time.slice(0, 2))} * * *`,
      ...(user === undefined ? [] : [user]),
      // cron turns an unescaped % into a line break.
      `${[paths.binary, ...args].map(shellWord).join(' ')} >> ${LOG_FILE} 2>&1`.replaceAll('%', '\\%'),
    ].join(' ');
  return [
    ...(converted === undefined ? [`CRON_TZ=${zone}`] : conversionRemarks(run, hostZone, converted)),
    ...irregularDays(onHost(at), clock, now).map(({ date, occurrence }) =>
      occurrence === 'skipped'
        ? `# WARNING: ${date} has no ${onHost(at)} in ${clock}: ${SKIPPED[cron]}.`
        : `# WARNING: ${date} has ${onHost(at)} twice in ${clock}: a second run that day finds everything unchanged.`,
    ),
    line(onHost(at), runArguments(run, plan)),
    line(onHost(statusAt), statusArguments(run, plan)),
  ];
}

/** Comment lines: which time in the run's zone the host's times are, now and after clock changes. */
function conversionRemarks(
  { at, zone }: PlannedRun,
  hostZone: string,
  { onHost, inZone }: HostTime,
): string[] {
  const [first, ...later] = inZone;
  if (later.length === 0) {
    const same = zone === hostZone;
    return [`# ${at} in ${zone}${same ? ', the zone of this host' : ` is ${onHost(at)} in ${hostZone}`}.`];
  }
  return [
    `# WARNING: the clocks of ${zone} and of this host (${hostZone}) do not change together. The hour is`,
    `# chosen so that the job never runs before ${at}, when the period may still be open: at ${first?.time} in ${zone} now,`,
    ...later.map(({ from, time }) => `#   from ${from} at ${time},`),
    `# and so on. A systemd timer, cronie (--cron cronie) and Kubernetes always run it at ${at}.`,
  ];
}

/** cron takes the text after `=` literally, except that it removes surrounding blanks and one pair of quotes. */
function quotedValue(name: string, value: string): string {
  if (!/^["'\s]|["'\s]$/.test(value) && !/[\r\n]/.test(value)) return value;
  if (!/["\r\n]/.test(value)) return `"${value}"`;
  throw new ReportError('usage', `schedule: a crontab cannot contain the value of ${name}`, {
    hint: 'The value has a line break, or begins or ends with a quote: set it in .env instead.',
  });
}
