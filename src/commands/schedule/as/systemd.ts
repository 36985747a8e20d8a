// systemd units: a service and a timer for the run, and for the later status check.
import { dirname } from 'node:path';
import { pathsAmong } from '../../../core/config/variables.js';
import {
  clockWarnings,
  maxRunSeconds,
  memoryLimitMib,
  type Plan,
  type PlannedRun,
  placeVariables,
  runArguments,
  SECRETS_FOLDER,
  STOP_TIMEOUT_SECONDS,
  statusArguments,
  statusName,
} from './plan.js';

const UNIT_FOLDER = '/etc/systemd/system';

/** The unit files, one after the other. They need systemd 250 or later, for `%d`. */
export function systemd(plan: Plan): string {
  const [first] = plan.runs;
  return [
    `# Printed by reportctl ${plan.version} schedule. Save each part below as the file that it names; then:`,
    `#   systemctl daemon-reload && systemctl enable --now ${plan.runs
      .flatMap((run) => [`${run.name}.timer`, `${statusName(run)}.timer`])
      .join(' ')}`,
    `#   systemctl start ${first?.name}.service     # runs it now; journalctl -u ${first?.name}`,
    '',
    ...plan.runs.flatMap((run) => [
      service(run.name, 'reportctl: publish the closed periods of reports', runArguments(run, plan), plan),
      timer(run.name, run, plan),
      service(statusName(run), 'reportctl: report missing or late periods', statusArguments(run, plan), plan),
      timer(statusName(run), { ...run, at: run.statusAt }, plan),
    ]),
  ].join('\n');
}

function timer(name: string, run: PlannedRun, plan: Plan): string {
  const { at, zone } = run;
  const warnings = clockWarnings(run, plan);
  return `# ${UNIT_FOLDER}/${name}.timer
[Unit]
Description=When ${name}.service runs

[Timer]
${warnings.map((line) => `${line}\n`).join('')}OnCalendar=*-*-* ${at}:00 ${zone}
# A run that was missed because the host was off starts when the host is on again.
Persistent=true
RandomizedDelaySec=30
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
}

const SANDBOX = [
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'ProtectClock=yes',
  'ProtectControlGroups=yes',
  'ProtectHostname=yes',
  'ProtectKernelLogs=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelTunables=yes',
  'LockPersonality=yes',
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
];

function service(name: string, description: string, args: readonly string[], plan: Plan): string {
  const { paths, secrets, destination, choices } = plan;
  const variables = {
    PATH: [...new Set([paths.nodeFolder, '/usr/local/bin', '/usr/bin', '/bin'])].join(':'),
    ...placeVariables(plan),
  };
  const { REPORTCTL_METRICS_FILE: metricsFile } = plan.settings;
  const written = [
    ...(destination.kind === 'folder' ? [destination.path] : []),
    // The file is replaced, so that its folder is written. A folder that is missing is no reason not to run.
    ...(metricsFile === undefined ? [] : [`-${dirname(metricsFile)}`]),
  ];
  const read = [paths.binary, paths.nodeFolder, paths.queries, ...pathsAmong(plan.settings)];
  const inHome = [...read, ...written].some((path) => /^-?\/(home|root|run\/user)(\/|$)/.test(path));
  const lines = [
    `# ${UNIT_FOLDER}/${name}.service`,
    '[Unit]',
    `Description=${description}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=oneshot',
    `User=${choices.user ?? 'reportctl'}`,
    // systemd expands $ only in ExecStart.
    `ExecStart=${[paths.binary, ...args].map((text) => unitWord(text).replaceAll('$', '$$$$')).join(' ')}`,
    ...Object.entries(variables).map(([key, value]) => `Environment=${unitWord(`${key}=${value}`)}`),
    '# Sorting and gates write temporary files: keep them out of /tmp, which can be in memory.',
    'Environment=TMPDIR=%C/reportctl',
    'CacheDirectory=reportctl',
    'CacheDirectoryMode=0700',
    ...Object.entries(secrets).flatMap(([key, file]) => [
      // The path is the rest of the line and cannot be quoted.
      `LoadCredential=${key}:${(file ?? `${SECRETS_FOLDER}/${key}`).replaceAll('%', '%%')}`,
      `Environment=${key}_FILE=%d/${key}`,
    ]),
    ...[...new Set(written)].map((path) => `ReadWritePaths=${unitWord(path)}`),
    `TimeoutStartSec=${maxRunSeconds(plan) ?? 'infinity'}`,
    'KillSignal=SIGTERM',
    `TimeoutStopSec=${STOP_TIMEOUT_SECONDS}`,
    `MemoryMax=${memoryLimitMib(plan)}M`,
    'UMask=0027',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'ProtectSystem=strict',
    ...(inHome ? ['# Something that the job needs is in a home folder.'] : []),
    `ProtectHome=${inHome ? 'read-only' : 'yes'}`,
    ...SANDBOX,
    '',
  ];
  return lines.join('\n');
}

/** A word of a unit file, with `%`, blanks, quotes and backslashes escaped. */
function unitWord(text: string): string {
  const escaped = text.replaceAll('%', '%%').replace(/[\\"]/g, '\\$&');
  return /^[\w%+=:,./@{}-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
