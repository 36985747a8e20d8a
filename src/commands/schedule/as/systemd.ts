// Units for systemd: a service and its timer for the run, and the same for the later look at what it left undone.
import { oddNights } from './clock.js';
import {
  ENDED_WITHIN,
  LONGEST_RUN,
  memoryBound,
  type Plan,
  type PlannedRun,
  placeVariables,
  runArguments,
  SECRETS_FOLDER,
  statusArguments,
  statusName,
} from './plan.js';

const FOLDER = '/etc/systemd/system';

/** Needs systemd 250 or later, for `%d`. */
export function systemd(plan: Plan): string {
  const [first] = plan.runs;
  return [
    `# Printed by reportctl ${plan.version} schedule. Each part below is a file of its own; then:`,
    `#   systemctl daemon-reload && systemctl enable --now ${plan.runs
      .flatMap((run) => [`${run.name}.timer`, `${statusName(run)}.timer`])
      .join(' ')}`,
    `#   systemctl start ${first?.name}.service     # a run by hand; journalctl -u ${first?.name}`,
    '',
    ...plan.runs.flatMap((run) => [
      service(run.name, 'Reports: closed periods are published', runArguments(run), plan),
      timer(run.name, run.at, run, plan),
      service(statusName(run), 'Reports: what is missing or late', statusArguments(run), plan),
      timer(statusName(run), run.statusAt, run, plan),
    ]),
  ].join('\n');
}

function timer(name: string, at: string, { zone }: PlannedRun, { now }: Plan): string {
  const odd = oddNights(at, zone, now).map(({ date, is }) =>
    is === 'skipped'
      ? `# WARNING: ${date} has no ${at} in ${zone}: no run that day, the next one makes it up.`
      : `# WARNING: ${date} has ${at} twice in ${zone}: a second run that day finds everything unchanged.`,
  );
  return `# ${FOLDER}/${name}.timer
[Unit]
Description=When ${name}.service runs

[Timer]
${odd.map((line) => `${line}\n`).join('')}OnCalendar=*-*-* ${at}:00 ${zone}
# A night that the host slept through is made up when it wakes.
Persistent=true
RandomizedDelaySec=30
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
}

function service(name: string, description: string, args: readonly string[], plan: Plan): string {
  const { paths, secrets, destination, choices } = plan;
  const variables = {
    PATH: [...new Set([paths.nodeFolder, '/usr/local/bin', '/usr/bin', '/bin'])].join(':'),
    ...placeVariables(plan),
  };
  const folder = destination.kind === 'folder' ? destination.path : undefined;
  const inHome = [paths.binary, paths.nodeFolder, paths.queries, folder].some(
    (path) => path !== undefined && /^\/(home|root|run\/user)(\/|$)/.test(path),
  );
  const lines = [
    `# ${FOLDER}/${name}.service`,
    '[Unit]',
    `Description=${description}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=oneshot',
    `User=${choices.user ?? 'reportctl'}`,
    // A $ names a variable there, and nowhere else.
    `ExecStart=${[paths.binary, ...args].map((text) => word(text).replaceAll('$', '$$$$')).join(' ')}`,
    ...Object.entries(variables).map(([key, value]) => `Environment=${word(`${key}=${value}`)}`),
    '# What is sorted on disk, and key files of gates: not in a /tmp that may be memory.',
    'Environment=TMPDIR=%C/reportctl',
    'CacheDirectory=reportctl',
    'CacheDirectoryMode=0700',
    ...Object.entries(secrets).flatMap(([key, file]) => [
      // The path is the rest of the line, and knows no quotes.
      `LoadCredential=${key}:${(file ?? `${SECRETS_FOLDER}/${key}`).replaceAll('%', '%%')}`,
      `Environment=${key}_FILE=%d/${key}`,
    ]),
    ...(folder === undefined ? [] : [`ReadWritePaths=${word(folder)}`]),
    `TimeoutStartSec=${LONGEST_RUN}`,
    'KillSignal=SIGTERM',
    `TimeoutStopSec=${ENDED_WITHIN}`,
    `MemoryMax=${memoryBound(plan)}M`,
    'UMask=0027',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'ProtectSystem=strict',
    ...(inHome ? ['# Something of ours is in a home folder.'] : []),
    `ProtectHome=${inHome ? 'read-only' : 'yes'}`,
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
    '',
  ];
  return lines.join('\n');
}

/** A word of a unit file, where `%`, blanks, quotes and backslashes mean something. */
function word(text: string): string {
  const escaped = text.replaceAll('%', '%%').replace(/[\\"]/g, '\\$&');
  return /^[\w%+=:,./@{}-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
