// Exports a report for a test: does everything that run or export does, in a temporary folder.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from '../../core/source.js';
import { makeTemporaryFolder } from '../../core/temporary.js';
import { openFor } from '../../destinations/for-session.js';
import { aboutOf } from '../../export/about.js';
import { stageReport } from '../../export/export.js';
import { GateKeeper } from '../../export/gates.js';
import { discardOnError, publishAll, type Target } from '../../export/target.js';
import { PeriodTargets } from '../../publish/period-targets.js';
import { definitionHash } from '../../reports/definition-hash.js';
import { paramValues } from '../../reports/request.js';
import { type About, createWriter } from '../../writers/index.js';
import type { CommandSession } from '../shared/context.js';
import type { Case } from './cases.js';
import { countsText, type Golden, goldenWriter } from './golden.js';

const ROWS = 'rows.csv';
/** The state of a period that was never published. */
const NEW_PERIOD = { record: undefined, pending: undefined };

export interface Found extends Golden {
  readonly rows: number;
}

/**
 * The rows and counts of a test. A run writes all its outputs as well; failed gates are part of the result.
 * @throws ReportError that reading or writing throws
 */
export async function exportForTest(
  session: CommandSession,
  test: Case,
  sources: readonly Source[],
): Promise<Found> {
  const { signal } = session;
  const folder = await makeTemporaryFolder('test');
  const open = (name: string) => openFor(session, { where: join(folder, name) });
  const outputsDestination = await open('outputs');
  const goldenDestination = await open('golden');
  const { report, request, period, title } = test;
  const gateKeeper = new GateKeeper({ ...report, orderBy: request.orderBy }, undefined, {
    columns: request.columns,
    signal,
  });
  try {
    const about = aboutTest(test);
    const place = {
      report,
      destination: outputsDestination,
      state: NEW_PERIOD,
      about,
      quarantine: false,
      repairs: false,
      signal,
    };
    const outputs = period && (await PeriodTargets.find({ ...place, period }));
    const rows: Target = {
      key: ROWS,
      format: 'csv',
      options: {},
      writer: goldenWriter(await createWriter('csv', { formulas: 'keep' }, about), {
        title,
        volatile: report.volatile,
        isOrdered: report.orderBy.length > 0,
      }),
      compress: undefined,
      destination: goldenDestination,
      existing: 'never',
    };
    const { observers, totals } = gateKeeper;
    const staged = await stageReport({
      request,
      sources,
      totals,
      observers,
      targets: [...(outputs?.whole ?? []), rows],
      splits: outputs?.splits ?? [],
    });
    const gates = await discardOnError(staged.files, () => gateKeeper.test(staged));
    await publishAll(staged.files);
    const files = staged.files.filter(({ target }) => target !== rows);
    const written = files.map(({ target: { key, writer } }) => {
      return { key, neutralised: writer.neutralised, notes: writer.notes?.() ?? [] };
    });
    return {
      rows: staged.rows,
      csv: await readFile(join(folder, 'golden', ROWS), 'utf8'),
      yaml: countsText({ rows: staged.rows, totals: staged.totals, gates, outputs: written }),
    };
  } finally {
    await Promise.all([gateKeeper.close(), outputsDestination.close(), goldenDestination.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function aboutTest({ report, request, period }: Case): About {
  const definition = definitionHash(report, paramValues(request));
  // A fixed time, so that the files do not depend on when the test runs.
  const started = `${period?.to ?? '2000-01-01'}T00:00:00.000Z`;
  return aboutOf({ report, request, period, definition, revision: 1, started, token: undefined });
}
