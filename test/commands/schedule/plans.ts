// Plans for tests of schedules: one that is complete, and what a test wants otherwise.
import type { Plan, PlannedRun } from '../../../src/commands/schedule/as/plan.js';

/** 2026-11-22 */
export const NOW = Date.UTC(2026, 10, 22);

export const RUN: PlannedRun = {
  name: 'reportctl',
  zone: 'America/Sao_Paulo',
  at: '01:00',
  statusAt: '03:00',
  reports: undefined,
};

export const CHOICES: Plan['choices'] = {
  hostZone: 'UTC',
  cron: 'debian',
  user: undefined,
  image: undefined,
  readers: false,
  quarantine: false,
};

export const BUCKET: Plan['destination'] = {
  kind: 's3',
  url: 's3://bucket-relatorios-aplicacao/vendas',
  bucket: 'bucket-relatorios-aplicacao',
  prefix: 'vendas/',
  keyPrefixes: ['relatorio_'],
};

export function planWith(changes: Partial<Plan> = {}): Plan {
  return {
    version: '0.1.0',
    now: NOW,
    runs: [RUN],
    paths: { binary: '/usr/local/bin/reportctl', nodeFolder: '/usr/bin', queries: '/srv/reports/queries' },
    destination: BUCKET,
    encryption: { how: 'AES256', kmsKeyId: undefined },
    region: 'sa-east-1',
    partSize: 16 * 1024 ** 2,
    jobs: 2,
    deadline: '6h',
    settings: { AWS_REGION: 'sa-east-1' },
    secrets: { REPORTCTL_SOURCE_VENDAS: undefined },
    s3Sources: [],
    choices: CHOICES,
    ...changes,
  };
}
