// One ad-hoc export: all rows of a request into one file, with its manifest beside it. No lease and no run record.
import type { Destination } from '../core/destination.js';
import { Effect } from '../core/effect.js';
import { withMessageSuffix } from '../core/errors.js';
import type { Session } from '../core/session.js';
import type { Request } from '../core/source.js';
import { type Span, withSpan } from '../core/trace.js';
import { ifAllowed } from '../destinations/access.js';
import { aboutOf } from '../export/about.js';
import { stageReport } from '../export/export.js';
import { failedGates, GateKeeper } from '../export/gates.js';
import { assertNoInput, inputsOf } from '../export/inputs.js';
import { numberResults } from '../export/long-numbers.js';
import { nearMisses } from '../export/near-misses.js';
import type { OpenProgress } from '../export/progress.js';
import { discardOnError, publishAll, type Target } from '../export/target.js';
import { withSources } from '../export/with-sources.js';
import { definitionHash } from '../reports/definition-hash.js';
import type { Report } from '../reports/report.js';
import { paramValues } from '../reports/request.js';
import { createWriter } from '../writers/index.js';
import { type AdHocOutput, assertMayWrite } from './ad-hoc-output.js';
import type { Manifest } from './documents.js';
import { manifestKey, manifestOf } from './manifest.js';
import { putJson } from './put-json.js';
import { schemaKey, tableSchemaOf } from './table-schema.js';

export interface ExportOnce {
  readonly report: Report;
  readonly request: Request;
  readonly destination: Destination;
  /** The file. Without a writer, one is created for the format and its options. */
  readonly target: Omit<Target, 'destination' | 'writer'> & {
    readonly writer?: Target['writer'] | undefined;
  };
  /** A file that stays where it is written, and gets a manifest; absent for stdout, a FIFO or a device. */
  readonly kept: AdHocOutput | undefined;
  /** False for a file without companions. */
  readonly hasManifest: boolean;
  /** The unique id of this export. */
  readonly token: string;
  readonly openProgress?: OpenProgress | undefined;
  readonly span?: Span | undefined;
}

export interface ExportedFile {
  /** An absolute path or an s3:// URL. */
  readonly location: string;
  readonly manifest: Manifest;
  /** Gates that do not hold, one line each: an ad-hoc export publishes all the same. */
  readonly failedGates: readonly string[];
  /** What the sources and the writer noticed about the data, and which value a filter without rows may have meant, one line each. */
  readonly notes: readonly string[];
}

/**
 * Reads the request once and publishes its file.
 * @throws ReportError of the part that failed: nothing is visible then, unless the message says so
 */
export async function exportOnce(session: Session, options: ExportOnce): Promise<ExportedFile> {
  const { report, request, destination, kept, hasManifest, token, openProgress, span } = options;
  const definition = definitionHash(report, paramValues(request));
  const started = new Date(session.now).toISOString();
  const run = { report, request, period: undefined, definition, revision: 1, started, token };
  const { format, options: formatOptions, writer: given } = options.target;
  const inputs = inputsOf(report, session.config, [{ format, dialect: formatOptions }]);
  await assertNoInput(destination, [options.target.key, manifestKey(options.target.key)], inputs);
  if (kept !== undefined) await assertMayWrite(session, kept);
  // An option that the format does not have is refused before a source is opened.
  const writer = given ?? (await createWriter(format, formatOptions, aboutOf(run)));
  const target: Target = { ...options.target, writer, destination: guarded(destination, session, kept) };
  const effect = new Effect();
  const gateKeeper = new GateKeeper({ ...report, orderBy: request.orderBy }, undefined, {
    columns: request.columns,
    signal: session.signal,
  });
  try {
    return await withSources(session, report, async (sources) => {
      const progress = await openProgress?.({ name: report.name, sources, request, isAlone: true });
      try {
        const staged = await stageReport({
          request,
          sources,
          totals: gateKeeper.totals,
          observers: gateKeeper.observers,
          targets: [target],
          ...(progress && { onProgress: progress.onProgress }),
          ...(span && { span }),
        });
        const tested = await discardOnError(staged.files, () => gateKeeper.test(staged));
        const gates = [...tested, ...numberResults(report, staged, staged.files)];
        const [output] = await withSpan(span, 'publish', {}, () => publishAll(staged.files, effect));
        if (output === undefined) throw new Error('one target makes one output');
        const finished = new Date().toISOString();
        const manifest = manifestOf({ ...run, gates, content: undefined, finished }, staged, output);
        if (kept !== undefined && hasManifest) await putCompanions(destination, target.key, manifest);
        if (kept !== undefined && !hasManifest) await removeCompanions(destination, target.key);
        const misses = staged.rows === 0 ? await nearMisses(sources, request, report.columns) : [];
        return {
          location: output.location,
          manifest,
          failedGates: failedGates(gates),
          notes: [...staged.notes, ...(writer.notes?.() ?? []), ...misses],
        };
      } finally {
        progress?.stop();
      }
    });
  } catch (error) {
    const [file] = effect.visible;
    throw file === undefined ? error : withMessageSuffix(error, `the file itself is there: ${file.location}`);
  } finally {
    await gateKeeper.close();
  }
}

/** The same destination, which asks again before it replaces a file: a run may have published the key during the read. */
function guarded(destination: Destination, session: Session, kept: AdHocOutput | undefined): Destination {
  if (kept?.existing !== 'replace') return destination;
  const confirm = () => assertMayWrite(session, kept);
  return { ...destination, stage: (key, how) => destination.stage(key, { ...how, confirm }) };
}

/** What stands beside the file is about a former one. */
async function removeCompanions(destination: Destination, key: string): Promise<void> {
  for (const companion of [manifestKey(key), schemaKey(key)]) {
    const found = await ifAllowed(destination.stat(companion));
    if (found !== undefined) await destination.remove(found);
  }
}

/** Writes the manifest. A schema that is there is of the columns of a former file: it becomes that of the new one. */
async function putCompanions(destination: Destination, key: string, manifest: Manifest): Promise<void> {
  await putJson(destination, manifestKey(key), manifest, 'replace');
  const schema = await ifAllowed(destination.stat(schemaKey(key)));
  if (schema !== undefined) await putJson(destination, schemaKey(key), tableSchemaOf(manifest), schema);
}
