// The trace of a run, as a collector gets it: its spans, what they say, and that a collector in trouble changes nothing.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { runReportctl } from '../support/cli.js';
import { DAY, startPlace } from '../support/heard-run.js';
import { type Answer, type Heard, startListener } from '../support/listener.js';

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly boolValue?: boolean;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: OtlpValue }[];
  readonly status: { readonly code?: number; readonly message?: string };
  readonly events: readonly { readonly name: string; readonly attributes: OtlpSpan['attributes'] }[];
}

interface Otlp {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

function attributesOf(attributes: OtlpSpan['attributes']): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

function spansOf(heard: readonly Heard[]): OtlpSpan[] {
  return heard
    .map(({ body }) => JSON.parse(body) as Otlp)
    .flatMap(({ resourceSpans }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans);
}

async function tracedPlace(answer: () => Answer = () => 200) {
  const place = await startPlace();
  const listener = await startListener(answer);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: listener.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=S3nha',
  };
  return {
    ...place,
    listener,
    // The OpenTelemetry SDK reads the environment of the process.
    run: (more: Readonly<Record<string, string>> = {}, ...args: string[]) =>
      runReportctl(['run', ...(args.length > 0 ? args : ['vendas', '--date', DAY])], {
        env: { ...place.env, ...env, ...more },
      }),
    /** In this process, whose environment asks for no trace. */
    runHere: (more: Readonly<Record<string, string>>) => place.run({ ...env, ...more }),
    stop: async () => {
      await listener.stop();
      await rm(place.folder, { recursive: true });
    },
  };
}

describe('the trace', { concurrency: 3 }, () => {
  test('of a published report has every phase, one within the other', async () => {
    const { run, listener, stop } = await tracedPlace();
    const { code, stderr } = await run();
    assert.equal(code, 0, stderr);
    assert.equal(listener.heard.length, 1, 'one trace, sent once');
    assert.equal(listener.heard[0]?.path, '/v1/traces');
    assert.equal(listener.heard[0]?.headers.authorization, 'S3nha');
    const spans = spansOf(listener.heard);
    assert.deepEqual(spans.map(({ name }) => name).toSorted(), [
      'encode',
      'publish',
      'report',
      'run',
      'source',
      'upload',
    ]);
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
    const of = (name: string) => spans.find((span) => span.name === name) as OtlpSpan;
    assert.equal(of('run').parentSpanId || undefined, undefined);
    assert.equal(of('report').parentSpanId, of('run').spanId);
    for (const name of ['source', 'encode', 'upload', 'publish']) {
      assert.equal(of(name).parentSpanId, of('report').spanId, name);
      assert.ok(BigInt(of(name).startTimeUnixNano) >= BigInt(of('report').startTimeUnixNano));
      assert.ok(BigInt(of(name).endTimeUnixNano) <= BigInt(of('report').endTimeUnixNano));
      assert.equal(of(name).status.code ?? 0, 0);
    }
    assert.ok(BigInt(of('publish').startTimeUnixNano) >= BigInt(of('upload').endTimeUnixNano));
    const { bytes, ...report } = attributesOf(of('report').attributes);
    const whole = { report: 'vendas', from: DAY, lastDay: DAY, outcome: 'published', rows: 3, attempts: 1 };
    assert.deepEqual(report, whole);
    assert.deepEqual(attributesOf(of('source').attributes), { rows: 3 });
    assert.deepEqual(attributesOf(of('upload').attributes), { key: 'vendas_20241005.csv', bytes });
    const resource = JSON.parse(listener.heard[0]?.body ?? '') as Otlp;
    const about = attributesOf(resource.resourceSpans[0]?.resource.attributes ?? []);
    assert.equal(about['service.name'], 'reportctl');
    await stop();
  });

  test('of a failure says where and why', async () => {
    const { fill, run, listener, stop } = await tracedPlace();
    await fill(1);
    assert.equal((await run()).code, 3);
    const spans = spansOf(listener.heard);
    for (const name of ['run', 'report']) {
      const span = spans.find((each) => each.name === name);
      assert.equal(span?.status.code, 2, name);
      assert.match(span?.status.message ?? '', /min-rows/);
      const [event] = span?.events ?? [];
      assert.equal(attributesOf(event?.attributes ?? [])['exception.type'], 'gate');
    }
    assert.equal(
      spans.find(({ name }) => name === 'publish'),
      undefined,
    );
    await stop();
  });

  test('is a part of the one that TRACEPARENT names, and takes the name of the service from the environment', async () => {
    const { run, listener, stop } = await tracedPlace();
    const trace = '0af7651916cd43dd8448eb211c80319c';
    await run({ TRACEPARENT: `00-${trace}-b7ad6b7169203331-01`, OTEL_SERVICE_NAME: 'noite' });
    const spans = spansOf(listener.heard);
    assert.deepEqual([...new Set(spans.map(({ traceId }) => traceId))], [trace]);
    assert.equal(spans.find(({ name }) => name === 'run')?.parentSpanId, 'b7ad6b7169203331');
    assert.match(listener.heard[0]?.body ?? '', /"noite"/);
    await stop();
  });

  test('of an export with --otel', async () => {
    const { folder, env, listener, stop } = await tracedPlace();
    const args = ['export', 'vendas', '--otel', '-o', `${folder}/x.csv`];
    const more = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${listener.url}/trilha` };
    assert.equal((await runReportctl(args, { env: { ...env, ...more } })).code, 0);
    assert.equal(listener.heard[0]?.path, '/trilha');
    const names = spansOf(listener.heard).map(({ name }) => name);
    assert.deepEqual(names.toSorted(), ['encode', 'export', 'publish', 'source', 'upload']);
    await stop();
  });

  test('is not made without a wish, or against one', async () => {
    const { runHere, listener, stop } = await tracedPlace();
    assert.equal((await runHere({ OTEL_SDK_DISABLED: 'true' })).code, 0);
    assert.equal((await runHere({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).code, 0);
    assert.equal(listener.heard.length, 0);
    await stop();
  });

  for (const answer of [404, 503, 'reset', 'hang'] as const) {
    test(`a collector that answers with ${answer} changes nothing, for five seconds at most`, async () => {
      const { run, listener, stop } = await tracedPlace(() => answer);
      const started = performance.now();
      const { code, stdout, stderr } = await run();
      const took = performance.now() - started;
      assert.equal(code, 0);
      assert.match(stdout, /^published vendas/);
      assert.match(stderr, /^\S+ warn the trace could not be exported: [^\n]+\n$/);
      assert.doesNotMatch(stderr, /S3nha/);
      assert.ok(took < 60_000, `${took} ms`);
      assert.ok(listener.heard.length > 0);
      await stop();
    });
  }
});
