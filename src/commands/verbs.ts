// The registry of verbs: a new one is one file here, or a folder, and one entry in VERBS.
import type { Command } from 'commander';
import type { Context } from './shared/context.js';

/** The groups of `reportctl --help`, in its order. */
export const GROUPS = {
  explore: 'Explore, without publishing:',
  publish: 'Publish, and check what is published:',
  operate: 'Operate:',
  test: 'Write and test reports:',
} as const;

export interface Verb {
  readonly group: keyof typeof GROUPS;
  readonly summary: string;
  /** Two or three command lines, as users type them. */
  readonly examples: readonly string[];
  /** Imports the command when it is used: `--help` and `--version` load no drivers. */
  readonly load: (context: Context) => Promise<Command>;
}

/** In the order of `reportctl --help`. */
export const VERBS: Readonly<Record<string, Verb>> = {
  list: {
    group: 'explore',
    summary: 'the reports: title, source, filters, outputs, next period',
    examples: ['reportctl list', "reportctl list --json | jq -r '.[].name'"],
    load: async (context) => (await import('./list.js')).listCommand(context),
  },
  export: {
    group: 'explore',
    summary: 'one ad-hoc export of a report',
    examples: [
      'reportctl export vendas --date yesterday --limit 20',
      'reportctl export vendas --date 2024-09 --organization "ACME Ltda" -o acme.xlsx',
      'reportctl export vendas --date 2024-09-H1 --locale pt-BR -o quinzena.csv.gz',
      'reportctl export vendas --date 2024-09 --page "A4 landscape" -o setembro.pdf',
    ],
    load: async (context) => (await import('./export.js')).exportCommand(context),
  },
  explain: {
    group: 'explore',
    summary: 'what would run, which index serves each filter, an estimate',
    examples: [
      'reportctl explain vendas --date 2024-09 --price 10..',
      'reportctl explain vendas --date 2024-09 --product "Café" --funnel',
    ],
    load: async (context) => (await import('./explain.js')).explainCommand(context),
  },
  trace: {
    group: 'explore',
    summary: 'why a row is, or is not, in a report: which filter or gate',
    examples: [
      'reportctl trace vendas --key id_transacao=1042',
      'reportctl trace vendas --key id_transacao=1042 --date 2024-10-05',
    ],
    load: async (context) => (await import('./trace.js')).traceCommand(context),
  },
  run: {
    group: 'publish',
    summary: 'publish the closed period of reports, once',
    examples: [
      'reportctl run --all',
      'reportctl run vendas --since 2024-09-01 --until 2024-09-30',
      'reportctl run vendas --date 2024-10-05 --restate "late orders arrived"',
    ],
    load: async (context) => (await import('./run.js')).runCommand(context),
  },
  verify: {
    group: 'publish',
    summary: 'published files against their manifests, run records, a fresh read',
    examples: [
      'reportctl verify out/relatorio_20241005.csv',
      'reportctl verify vendas --date 2024-10-05 --source',
      'reportctl verify s3://bucket/relatorios/',
    ],
    load: async (context) => (await import('./verify.js')).verifyCommand(context),
  },
  diff: {
    group: 'publish',
    summary: 'two published files, periods or revisions, compared by key',
    examples: [
      'reportctl diff vendas 2024-09 2024-10 --summary --tolerance 5%',
      'reportctl diff vendas --date 2024-10-05 --revisions 1..2',
      'reportctl diff before.csv after.csv --key id -o differences.csv',
    ],
    load: async (context) => (await import('./diff.js')).diffCommand(context),
  },
  consume: {
    group: 'publish',
    summary: 'prints code that reads a published file correctly: DuckDB, pandas, psql, …',
    examples: [
      'reportctl consume out/relatorio_20241005.csv --as duckdb',
      'reportctl consume s3://bucket/relatorio_20241005.csv --as pandas',
    ],
    load: async (context) => (await import('./consume.js')).consumeCommand(context),
  },
  check: {
    group: 'operate',
    summary: 'definitions, connections, columns and the destination; reads no rows',
    examples: ['reportctl check', 'reportctl check vendas --param moeda=BRL', 'reportctl check --clean'],
    load: async (context) => (await import('./check.js')).checkCommand(context),
  },
  status: {
    group: 'operate',
    summary: 'which closed periods are published, missing, unfinished or damaged',
    examples: ['reportctl status', 'reportctl status vendas --since 2024-09', 'reportctl status --notify -q'],
    load: async (context) => (await import('./status.js')).statusCommand(context),
  },
  schedule: {
    group: 'operate',
    summary: 'prints configuration to paste: cron, systemd, Kubernetes, IAM, the bucket',
    examples: ['reportctl schedule --as crontab --at 01:00', 'reportctl schedule --as kubernetes'],
    load: async (context) => (await import('./schedule.js')).scheduleCommand(context),
  },
  completion: {
    group: 'operate',
    summary: 'prints the script with which bash, zsh or fish complete reports and filters',
    examples: [
      'source <(reportctl completion bash)',
      'reportctl completion fish > ~/.config/fish/completions/reportctl.fish',
    ],
    load: async (context) => (await import('./completion.js')).completionCommand(context),
  },
  init: {
    group: 'test',
    summary: 'makes a folder with everything that a first report needs; replaces nothing',
    examples: [
      'reportctl init vendas --from public.vendas --url postgres://me@host/erp',
      'REPORTCTL_SOURCE_ERP=postgres://host/erp reportctl init vendas --from vendas',
    ],
    load: async (context) => (await import('./init.js')).initCommand(context),
  },
  new: {
    group: 'test',
    summary: 'drafts a report from a table, a query or a collection',
    examples: [
      'reportctl new vendas --from public.vendas',
      'reportctl new caros --source erp --from "SELECT * FROM vendas WHERE preco > 9"',
      'reportctl new vendas --from vendas -o -',
    ],
    load: async (context) => (await import('./new.js')).newCommand(context),
  },
  test: {
    group: 'test',
    summary: 'compares what reports export from their fixtures with golden files',
    examples: ['reportctl test', 'reportctl test vendas --update'],
    load: async (context) => (await import('./test.js')).testCommand(context),
  },
};
