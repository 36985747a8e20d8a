// What is printed for Kubernetes, held against the API's reference: every field known, none misspelt, none of the wrong type.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { kubernetes } from '../../../src/commands/schedule/as/kubernetes.js';
import { CHOICES, planWith, RUN } from './plans.js';

const { strictObject, string, number, boolean, array, literal, record } = z;

/** RFC 1123 label; of a CronJob at most 52 characters, since its jobs get a suffix of 11. */
const name = string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
const labels = record(string(), string().regex(/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/));
const quantity = string().regex(/^\d+(m|Mi|Gi)?$/);
const seconds = number().int().positive();

/**
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/ and pod-v1, as far as it is used.
 */
const cronJob = strictObject({
  apiVersion: literal('batch/v1'),
  kind: literal('CronJob'),
  metadata: strictObject({ name: name.max(52), labels }),
  spec: strictObject({
    schedule: string().regex(/^\d{1,2} \d{1,2} \* \* \*$/),
    timeZone: string(),
    concurrencyPolicy: z.enum(['Allow', 'Forbid', 'Replace']),
    startingDeadlineSeconds: seconds.min(10),
    successfulJobsHistoryLimit: number().int(),
    failedJobsHistoryLimit: number().int(),
    jobTemplate: strictObject({
      spec: strictObject({
        backoffLimit: number().int(),
        activeDeadlineSeconds: seconds.optional(),
        template: strictObject({
          metadata: strictObject({ labels }),
          spec: strictObject({
            restartPolicy: z.enum(['Never', 'OnFailure']),
            terminationGracePeriodSeconds: seconds,
            serviceAccountName: name,
            automountServiceAccountToken: boolean(),
            securityContext: strictObject({
              runAsNonRoot: boolean(),
              runAsUser: number().int(),
              runAsGroup: number().int(),
              fsGroup: number().int(),
              seccompProfile: strictObject({ type: z.enum(['RuntimeDefault', 'Localhost', 'Unconfined']) }),
            }),
            containers: array(
              strictObject({
                name,
                image: string().regex(/^[a-z0-9./-]+:[\w.-]+$/),
                args: array(string()),
                env: array(strictObject({ name: string().regex(/^[A-Z_][A-Z0-9_]*$/), value: string() })),
                resources: strictObject({
                  requests: strictObject({ cpu: quantity, memory: quantity }),
                  limits: strictObject({ memory: quantity }),
                }),
                securityContext: strictObject({
                  allowPrivilegeEscalation: boolean(),
                  readOnlyRootFilesystem: boolean(),
                  capabilities: strictObject({ drop: array(string()) }),
                }),
                volumeMounts: array(
                  strictObject({ name, mountPath: string().startsWith('/'), readOnly: boolean().optional() }),
                ),
              }),
            ).length(1),
            volumes: array(
              z.union([
                strictObject({ name, configMap: strictObject({ name }) }),
                strictObject({
                  name,
                  secret: strictObject({ secretName: name, defaultMode: number().int().max(0o777) }),
                }),
                strictObject({ name, persistentVolumeClaim: strictObject({ claimName: name }) }),
                strictObject({ name, emptyDir: strictObject({ sizeLimit: quantity }) }),
              ]),
            ),
          }),
        }),
      }),
    }),
  }),
});

function jobsOf(text: string) {
  return parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, []);
    // Other readers of YAML resolve no aliases, or fewer.
    assert.doesNotMatch(String(document), /[&*]a\d/);
    return cronJob.parse(document.toJS());
  });
}

describe('CronJobs', () => {
  test('are as the reference has them, and run and look at different times', () => {
    const [run, status, ...more] = jobsOf(kubernetes(planWith()));
    assert.deepEqual(more, []);
    assert.deepEqual([run?.spec.schedule, run?.spec.timeZone], ['0 1 * * *', 'America/Sao_Paulo']);
    assert.deepEqual([status?.metadata.name, status?.spec.schedule], ['reportctl-status', '0 3 * * *']);
    assert.equal(run?.spec.concurrencyPolicy, 'Forbid');
    assert.equal(run?.spec.jobTemplate.spec.backoffLimit, 0);
    assert.equal(run?.spec.jobTemplate.spec.activeDeadlineSeconds, 6 * 3600 + 60);
    const [endless] = jobsOf(kubernetes(planWith({ deadline: 'none' })));
    assert.equal(endless?.spec.jobTemplate.spec.activeDeadlineSeconds, undefined);
    const [container] = run?.spec.jobTemplate.spec.template.spec.containers ?? [];
    assert.deepEqual(container?.args.slice(0, 4), ['run', '--all', '--catch-up', '3']);
    assert.equal(container?.resources.limits.memory, '832Mi');
  });

  test('every mount has its volume, every secret its file, and no secret its value', () => {
    const secrets = { REPORTCTL_SOURCE_VENDAS: undefined, PGPASSWORD: '/run/secrets/pg' };
    const text = kubernetes(
      planWith({
        secrets,
        destination: { kind: 'folder', path: '/srv/out' },
        choices: { ...CHOICES, image: 'x/y:1' },
      }),
    );
    for (const job of jobsOf(text)) {
      const { containers, volumes } = job.spec.jobTemplate.spec.template.spec;
      const [container] = containers;
      assert.deepEqual(
        container?.volumeMounts.map((mount) => mount.name),
        volumes.map((volume) => volume.name),
      );
      const env = Object.fromEntries(container?.env.map((one) => [one.name, one.value]) ?? []);
      const mounts = container?.volumeMounts.map(({ mountPath }) => mountPath) ?? [];
      for (const variable of [
        'REPORTCTL_SOURCE_VENDAS_FILE',
        'PGPASSWORD_FILE',
        'REPORTCTL_QUERIES',
        'REPORTCTL_DESTINATION',
        'TMPDIR',
      ]) {
        assert.ok(
          mounts.some((mount) => env[variable]?.startsWith(mount)),
          `${variable} is not mounted`,
        );
      }
      assert.equal(env.PGPASSWORD, undefined);
    }
    assert.match(text, /--from-file=PGPASSWORD=\/run\/secrets\/pg/);
  });

  test('a file that two variables name is mounted once', () => {
    const settings = { AWS_CA_BUNDLE: '/etc/ca.pem', NODE_EXTRA_CA_CERTS: '/etc/ca.pem' };
    assert.match(kubernetes(planWith({ settings })), /^# Mount into the containers, .*: \/etc\/ca\.pem$/m);
  });

  test('the longest name of a zone still makes the name of a job', () => {
    const zone = 'America/Argentina/ComodRivadavia';
    const runs = [{ ...RUN, zone, name: `reportctl-${zone.toLowerCase().replaceAll('/', '-')}` }];
    assert.equal(jobsOf(kubernetes(planWith({ runs }))).length, 2);
  });

  test('a night without such an hour is told', () => {
    const runs = [{ ...RUN, zone: 'Europe/Berlin', at: '02:30' }];
    assert.match(
      kubernetes(planWith({ runs })),
      /^# WARNING: 2027-03-28 has no 02:30 in Europe\/Berlin: no run/m,
    );
  });
});
