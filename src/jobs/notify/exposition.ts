// Prometheus' text exposition format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

/** The metrics and what their HELP says; all are gauges with the label `report`. */
export const METRICS = {
  reportctl_last_success_timestamp_seconds: 'When a run of the report last ended well, Unix time.',
  reportctl_last_success_rows: 'Rows of the period that was published last.',
  reportctl_last_success_bytes: 'Bytes of all files of the period that was published last.',
  reportctl_last_run_timestamp_seconds: 'When the report was last run, well or not, Unix time.',
  reportctl_last_run_duration_seconds: 'How long the last run worked on the report.',
  reportctl_last_run_attempts: 'How often the last run tried: the most of its periods.',
  reportctl_last_run_outcome: 'How the last run ended: 1 for that outcome, 0 for the others.',
} as const;

type Metric = keyof typeof METRICS;

export interface Sample {
  readonly metric: Metric;
  readonly report: string;
  /** Of reportctl_last_run_outcome alone. */
  readonly outcome?: string;
  readonly value: number;
}

/** Every metric's samples together, as the format asks; a metric without samples is left out. */
export function formatSamples(samples: readonly Sample[]): string {
  const lines: string[] = [];
  for (const [metric, help] of Object.entries(METRICS)) {
    const own = samples.filter((sample) => sample.metric === metric);
    if (own.length === 0) continue;
    lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} gauge`);
    for (const { report, outcome, value } of own) {
      const more = outcome === undefined ? '' : `,outcome="${escaped(outcome)}"`;
      lines.push(`${metric}{report="${escaped(report)}"${more}} ${value}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

const SAMPLE =
  /^([a-z_]+)\{report="((?:[^"\\\n]|\\[\\"n])*)"(?:,outcome="((?:[^"\\\n]|\\[\\"n])*)")?\} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/** What formatSamples() wrote. @throws Error for a line that it would not write, which may be somebody else's */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line, index): Sample[] => {
    if (line === '' || line.startsWith('#')) return [];
    const [, metric = '', report = '', outcome, value] = SAMPLE.exec(line) ?? [];
    if (!isMetric(metric)) throw new Error(`line ${index + 1} is not of reportctl`);
    const sample = { metric, report: unescaped(report), value: Number(value) };
    return [outcome === undefined ? sample : { ...sample, outcome: unescaped(outcome) }];
  });
}

function isMetric(name: string): name is Metric {
  return Object.hasOwn(METRICS, name);
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
