// Lines for cron: a user's crontab, or a file in /etc/cron.d with its column for the user.
import { ReportError } from '../../../core/errors.js';
import { type HostTime, hostTime, oddNights } from './clock.js';
import {
  type Plan,
  type PlannedRun,
  placeVariables,
  runArguments,
  SECRETS_FOLDER,
  statusArguments,
} from './plan.js';

const LOG = '/var/log/reportctl/reportctl.log';

/** @throws ReportError `usage` for a setting that no line of a crontab can hold */
export function crontab(plan: Plan): string {
  const { paths, secrets, choices, version } = plan;
  const where = choices.user === undefined ? 'paste it into crontab -e' : 'save it as /etc/cron.d/reportctl';
  const lines = [
    `# Printed by reportctl ${version} schedule: ${where}. Once before, so that there is a log:`,
    `#   sudo install -d -o ${choices.user ?? '"$USER"'} ${LOG.slice(0, LOG.lastIndexOf('/'))}`,
    'SHELL=/bin/sh',
    `PATH=${[...new Set([paths.nodeFolder, '/usr/local/bin', '/usr/bin', '/bin'])].join(':')}`,
    '# Who hears of what cannot even be logged.',
    'MAILTO=root',
    ...Object.entries(placeVariables(plan)).map(([name, value]) => `${name}=${quotedValue(name, value)}`),
    ...(Object.keys(secrets).length === 0 ? [] : ['# Each file holds one value; chmod 600.']),
    ...Object.entries(secrets).map(([name, file]) => `${name}_FILE=${file ?? `${SECRETS_FOLDER}/${name}`}`),
    ...plan.runs.flatMap((run) => ['', ...linesOf(run, plan)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What becomes of a job at an hour that a change of the clock skips. Only the host's own clock is watched (cron(8)). */
const SKIPPED = {
  debian: 'cron runs the job right after the change',
  cronie: 'the job may not run that day, and the next one makes it up',
} as const;

function linesOf(run: PlannedRun, { choices, paths, now }: Plan): string[] {
  const { zone, at, statusAt } = run;
  const { cron, hostZone, user } = choices;
  const converted = cron === 'cronie' ? undefined : hostTime(at, zone, hostZone, now);
  const onHost = converted?.onHost ?? ((time: string) => time);
  const clock = cron === 'cronie' ? zone : hostZone;
  const line = (time: string, args: readonly string[]) =>
    [
      `${Number(time.slice(3))} ${Number(time.slice(0, 2))} * * *`,
      ...(user === undefined ? [] : [user]),
      // cron makes a line break of a plain %.
      `${[paths.binary, ...args].map(shellWord).join(' ')} >> ${LOG} 2>&1`.replaceAll('%', '\\%'),
    ].join(' ');
  return [
    ...(converted === undefined ? [`CRON_TZ=${zone}`] : conversion(run, hostZone, converted)),
    ...oddNights(onHost(at), clock, now).map(({ date, is }) =>
      is === 'skipped'
        ? `# WARNING: ${date} has no ${onHost(at)} in ${clock}: ${SKIPPED[cron]}.`
        : `# WARNING: ${date} has ${onHost(at)} twice in ${clock}: a second run that day finds everything unchanged.`,
    ),
    line(onHost(at), runArguments(run)),
    line(onHost(statusAt), statusArguments(run)),
  ];
}

/** What the hours of the lines mean, and what they mean when a clock has changed. */
function conversion({ at, zone }: PlannedRun, hostZone: string, { onHost, inZone }: HostTime): string[] {
  const [first, ...later] = inZone;
  if (later.length === 0) {
    const same = zone === hostZone;
    return [`# ${at} in ${zone}${same ? ', the zone of this host' : ` is ${onHost(at)} in ${hostZone}`}.`];
  }
  return [
    `# WARNING: the clocks of ${zone} and of this host (${hostZone}) do not change together. The hour is chosen so`,
    `# that the job never comes before ${at}, when the day may not be over: at ${first?.time} in ${zone} now,`,
    ...later.map(({ from, time }) => `#   from ${from} at ${time},`),
    `# and so on. A timer of systemd, cronie (--cron cronie) or Kubernetes keeps to ${at}.`,
  ];
}

/** A word for sh, as it is where it can be. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** cron takes all after the `=` as it is, but for blanks and one pair of quotes around it. */
function quotedValue(name: string, value: string): string {
  if (!/^["'\s]|["'\s]$/.test(value) && !/[\r\n]/.test(value)) return value;
  if (!/["\r\n]/.test(value)) return `"${value}"`;
  throw new ReportError('usage', `schedule: no line of a crontab can hold ${name}`, {
    hint: 'It has a line break, or quotes at its ends: set it in .env instead.',
  });
}
