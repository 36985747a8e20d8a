// reportctl schedule: prints configuration to paste for cron, systemd, Kubernetes, IAM and the bucket.
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Temporal } from 'temporal-polyfill';
import { assertTimeZone } from '../core/calendar.js';
import { variablesOfJob } from '../core/config/variables.js';
import { Deadline } from '../core/deadline.js';
import { ReportError } from '../core/errors.js';
import { toolVersion } from '../core/version.js';
import { reportLoader, reportNames } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import { publishedReports } from '../reports/scheduled-reports.js';
import { SCHEDULES } from './schedule/as/index.js';
import type { Plan } from './schedule/as/plan.js';
import { plannedDestination, plannedRuns, plannedSources } from './schedule/planned.js';
import { withChoices } from './shared/choices.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { printJson } from './shared/print.js';

interface ScheduleOptions extends CommonOptions {
  readonly as: keyof typeof SCHEDULES;
  readonly at: string;
  readonly zone?: string;
  readonly hostZone?: string;
  readonly cron: 'debian' | 'cronie';
  readonly user?: string;
  readonly image?: string;
  readonly readers?: true;
  readonly quarantine?: true;
}

export function scheduleCommand(context: Context): Command {
  const command = new Command('schedule')
    .description('prints configuration to paste: cron, systemd, Kubernetes, IAM, the bucket')
    .argument('[reports...]', 'names in queries/, or paths of report files; else all that have outputs')
    .addOption(
      withChoices(new Option('--as <what>', 'what to print'), Object.keys(SCHEDULES)).default(
        'crontab',
        'crontab',
      ),
    )
    .option('--at <time>', 'when to run, HH:MM (01:00)', parseTimeOfDay, '01:00')
    .option('--zone <name>', 'the time zone of --at (the one of the reports)')
    .option('--host-zone <name>', 'crontab: the time zone of the host (the one of this host)')
    .addOption(
      withChoices(new Option('--cron <name>', 'crontab: which cron; only cronie supports CRON_TZ'), [
        'debian',
        'cronie',
      ]).default('debian', 'debian'),
    )
    .option(
      '--user <name>',
      'crontab: the user, for a line in /etc/cron.d; systemd: the user of the service (reportctl)',
    )
    .option('--image <name>', 'kubernetes: the image to run')
    .option('--readers', 'iam: the policy of those who read the files')
    .option('--quarantine', 'iam: also allow what run --quarantine writes');
  addCommonOptions(command);
  return command.action(async (names: string[], options: ScheduleOptions) => {
    // The files of the secrets are where the job runs.
    const session = await openSession(context, { ...options, withoutSecrets: true });
    const plan = createPlan(await chosenReports(names, session), names.length > 0, options, session);
    const text = SCHEDULES[options.as](plan);
    if (session.json) printJson(session.stdout, { as: options.as, text });
    else session.stdout.write(text);
  });
}

function parseTimeOfDay(text: string): string {
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return text;
  throw new InvalidArgumentError('Write HH:MM, for example 01:00.');
}

/** The named reports, or all that have outputs. @throws ReportError `usage`, `definition` */
async function chosenReports(names: readonly string[], { config }: CommandSession): Promise<Report[]> {
  const chosen = names.length > 0 ? [...new Set(names)] : await reportNames(config);
  const loaded = await Promise.all(chosen.map(reportLoader(config)));
  const unpublished = loaded.find((report) => publishedReports(report).length === 0);
  if (names.length > 0 && unpublished !== undefined) {
    throw new ReportError('usage', `schedule: report "${unpublished.name}" has no outputs`, {
      hint: 'Only reports with outputs are run.',
    });
  }
  const reports = loaded.filter((report) => publishedReports(report).length > 0);
  if (reports.length > 0) return reports;
  throw new ReportError('usage', `schedule: no report in ${config.queries} has outputs`);
}

/** @param areNamed whether the user named the reports: then the runs name them too */
function createPlan(
  reports: readonly Report[],
  areNamed: boolean,
  options: ScheduleOptions,
  { config, now, log }: CommandSession,
): Plan {
  const hostZone = options.hostZone ?? Temporal.Now.timeZoneId();
  for (const zone of [hostZone, options.zone]) if (zone !== undefined) assertTimeZone(zone);
  new Deadline('REPORTCTL_DEADLINE', config.deadline, now);
  const { settings, secrets, withheld } = variablesOfJob(
    config,
    reports.flatMap(({ sources }) => sources),
  );
  for (const name of withheld) {
    log.warn(
      `${name} is left out, because its value looks like a secret: add it where only the job can read it`,
    );
  }
  const destination = plannedDestination(reports, config.destination);
  if (destination.kind === 's3' && destination.keyPrefixes.includes('')) {
    log.warn('the key of an output begins with a date: the policy has to allow every key at the destination');
  }
  return {
    version: toolVersion().replace(/^reportctl /, ''),
    now,
    runs: plannedRuns(reports, { areNamed, at: options.at, zone: options.zone, folder: config }),
    paths: {
      // The path that the user typed, not the target of a link, which an upgrade can change.
      binary: resolve(process.argv[1] ?? 'reportctl'),
      nodeFolder: dirname(process.execPath),
      queries: resolve(config.cwd, config.queries),
    },
    destination,
    encryption: { how: config.s3.encryption, kmsKeyId: config.s3.kmsKeyId },
    region: settings.AWS_REGION,
    partSize: config.s3.partSize,
    jobs: config.jobs,
    deadline: config.deadline,
    settings,
    secrets,
    s3Sources: options.as === 'iam' && !options.readers ? plannedSources(reports, { config, log }) : [],
    choices: {
      hostZone,
      cron: options.cron,
      user: options.user,
      image: options.image,
      readers: options.readers === true,
      quarantine: options.quarantine === true,
    },
  };
}
