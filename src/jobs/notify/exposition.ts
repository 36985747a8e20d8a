// Writes and reads Prometheus' text exposition format 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

/** Metric to its HELP text; all are gauges with the label `report`. */
export const METRICS = {
  reportctl_last_success_timestamp_seconds: 'Unix time at which the last successful run of the report ended.',
  reportctl_last_success_rows: 'Rows of the last published period.',
  reportctl_last_success_bytes: 'Bytes of all files of the last published period.',
  reportctl_last_run_timestamp_seconds:
    'Unix time at which the last run of the report ended, successful or not.',
  reportctl_last_run_duration_seconds: 'Seconds that the last run worked on the report.',
  reportctl_last_run_attempts: 'Attempts of the last run: the highest number among its periods.',
  reportctl_last_run_outcome: 'Outcome of the last run: 1 for that outcome, 0 for the others.',
  reportctl_last_status_timestamp_seconds: 'Unix time at which status last looked at the report.',
  reportctl_late_periods: 'Periods that were not published by the time that the report expects.',
  reportctl_faulty_periods: 'Periods that are missing, late, unfinished or damaged.',
} as const;

type Metric = keyof typeof METRICS;

export interface Sample {
  readonly metric: Metric;
  readonly report: string;
  /** Only for reportctl_last_run_outcome. */
  readonly outcome?: string;
  readonly value: number;
}

/** The text of the samples. The samples of a metric stand together, as the format requires; a metric without samples is left out. */
export function formatSamples(samples: readonly Sample[]): string {
  const lines: string[] = [];
  for (const [metric, help] of Object.entries(METRICS)) {
    const own = samples.filter((sample) => sample.metric === metric);
    if (own.length === 0) continue;
    lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} gauge`);
    for (const { report, outcome, value } of own) {
      const more = outcome === undefined ? '' : `,outcome="${escapeLabel(outcome)}"`;
      lines.push(`${metric}{report="${escapeLabel(report)}"${more}} ${value}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

const SAMPLE =
  /^([a-z_]+)\{report="((?:[^"\\\n]|\\[\\"n])*)"(?:,outcome="((?:[^"\\\n]|\\[\\"n])*)")?\} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/** The samples of a text that formatSamples() wrote. @throws Error for a line that formatSamples() does not write */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line, index): Sample[] => {
    if (line === '' || line.startsWith('#')) return [];
    const [, metric = '', report = '', outcome, value] = SAMPLE.exec(line) ?? [];
    if (!isMetric(metric)) throw new Error(`line ${index + 1} was not written by reportctl`);
    const sample = { metric, report: unescapeLabel(report), value: Number(value) };
    return [outcome === undefined ? sample : { ...sample, outcome: unescapeLabel(outcome) }];
  });
}

function isMetric(name: string): name is Metric {
  return Object.hasOwn(METRICS, name);
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function unescapeLabel(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
