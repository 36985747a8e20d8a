// A CronJob for the run, and one for the later status check.
import { stringify } from 'yaml';
import { pathsAmong } from '../../../core/config/variables.js';
import {
  clockWarnings,
  maxRunSeconds,
  memoryLimitMib,
  type Plan,
  type PlannedRun,
  placeVariables,
  runArguments,
  STOP_TIMEOUT_SECONDS,
  statusArguments,
  statusName,
} from './plan.js';

/** Folders inside the container. */
const QUERIES = '/queries';
const SECRETS = '/secrets';
const OUT = '/out';

/** The user of the image; see Dockerfile. */
const USER = 65532;

/** The manifests to apply. They need Kubernetes 1.27 or later, for `timeZone`. */
export function kubernetes(plan: Plan): string {
  const { runs, secrets, paths, destination } = plan;
  const files = Object.entries(secrets).map(([name, file]) => `--from-file=${name}=${file ?? name}`);
  const head = [
    `# Printed by reportctl ${plan.version} schedule. Before kubectl apply -f:`,
    '#   kubectl create serviceaccount reportctl     # with the role that may write to the destination',
    `#   kubectl create configmap reportctl-queries --from-file=${paths.queries}`,
    ...(files.length === 0 ? [] : [`#   kubectl create secret generic reportctl ${files.join(' ')}`]),
    ...(destination.kind === 'folder'
      ? [`#   and a PersistentVolumeClaim reportctl-out, which is ${destination.path} here`]
      : []),
    ...(plan.choices.image === undefined
      ? ['# Replace the image below with your own (docker build .).']
      : []),
    ...(pathsAmong(plan.settings).length === 0
      ? []
      : [
          `# Mount into the containers, or take out of env: ${[...new Set(pathsAmong(plan.settings))].join(' ')}`,
        ]),
    ...runs.flatMap((run) => clockWarnings(run, plan)),
  ];
  const jobs = runs.flatMap((run) => [
    cronJob(run.name, run.at, runArguments(run, plan), run, plan),
    cronJob(statusName(run), run.statusAt, statusArguments(run, plan), run, plan),
  ]);
  return `${head.join('\n')}\n${jobs.map((job) => stringify(job, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')}`;
}

function cronJob(name: string, at: string, args: readonly string[], { zone }: PlannedRun, plan: Plan) {
  const labels = { 'app.kubernetes.io/name': 'reportctl', 'app.kubernetes.io/component': name };
  const seconds = maxRunSeconds(plan);
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, labels },
    spec: {
      schedule: `${Number(at.slice(3))} ${Number(at.slice(0, 2))} * * *`,
      timeZone: zone,
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 7,
      jobTemplate: {
        spec: {
          // reportctl itself retries temporary failures; other failures would only repeat.
          backoffLimit: 0,
          ...(seconds !== undefined && { activeDeadlineSeconds: seconds }),
          template: { metadata: { labels }, spec: pod(args, plan) },
        },
      },
    },
  };
}

function pod(args: readonly string[], plan: Plan) {
  const { secrets, destination, choices, version } = plan;
  const names = Object.keys(secrets);
  const memory = `${memoryLimitMib(plan)}Mi`;
  const variables: Record<string, string> = {
    ...placeVariables(plan),
    REPORTCTL_QUERIES: QUERIES,
    ...(destination.kind === 'folder' ? { REPORTCTL_DESTINATION: OUT } : {}),
    ...Object.fromEntries(names.map((name) => [`${name}_FILE`, `${SECRETS}/${name}`])),
    TMPDIR: '/tmp',
  };
  const volumes = podVolumes(names.length > 0, destination.kind === 'folder');
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: STOP_TIMEOUT_SECONDS,
    serviceAccountName: 'reportctl',
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'reportctl',
        image: choices.image ?? `registry.example/reportctl:${version}`,
        args,
        env: Object.entries(variables).map(([name, value]) => ({ name, value })),
        resources: { requests: { cpu: '250m', memory }, limits: { memory } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: volumes.map(({ mount }) => mount),
      },
    ],
    volumes: volumes.map(({ mount, ...volume }) => ({ name: mount.name, ...volume })),
  };
}

function podVolumes(hasSecrets: boolean, hasOutputVolume: boolean) {
  return [
    {
      mount: { name: 'queries', mountPath: QUERIES, readOnly: true },
      configMap: { name: 'reportctl-queries' },
    },
    ...(hasSecrets
      ? [
          {
            mount: { name: 'secrets', mountPath: SECRETS, readOnly: true },
            secret: { secretName: 'reportctl', defaultMode: 0o440 },
          },
        ]
      : []),
    ...(hasOutputVolume
      ? [
          {
            mount: { name: 'out', mountPath: OUT },
            persistentVolumeClaim: { claimName: 'reportctl-out' },
          },
        ]
      : []),
    { mount: { name: 'tmp', mountPath: '/tmp' }, emptyDir: { sizeLimit: '10Gi' } },
  ];
}
