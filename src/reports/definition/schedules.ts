// `schedules` and `expect-by` of a definition: organizations with a period of their own, and when files are due.
import * as z from 'zod';
import { PERIOD_KINDS, type PeriodKind } from '../../core/calendar.js';
import { errorSentence } from '../../core/errors.js';
import { parseFilter } from '../../filters/index.js';
import { literalText } from '../../filters/text-values.js';
import type { SplitTerm } from './split-by.js';
import type { YamlText } from './yaml-text.js';

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "02:00" is needed');

export const timing = {
  schedules: z.record(z.string(), z.enum(PERIOD_KINDS)).default({}),
  'expect-by': z.union([time, z.strictObject({ time, days: z.int().min(1).max(366) })]).optional(),
};

/** An output whose key has this token is an output of every schedule. */
const ORGANIZATION = 'organization';

/** One organization, spelled as in the data, and its kind of period. */
export interface Schedule {
  readonly organization: string;
  readonly period: PeriodKind;
}

interface Definition {
  readonly schedules: Readonly<Record<string, PeriodKind>>;
  readonly filters: { readonly organization?: unknown };
  readonly labels: Readonly<Record<string, unknown>>;
  readonly timezone: string;
}

/** @throws ReportError `definition` for an organization that a filter cannot select, and without a filter by organization */
export function parseSchedules(definition: Definition, document: YamlText): Schedule[] {
  const { filters, labels, timezone } = definition;
  const schedules = document.keys(['schedules']).map((organization): Schedule => {
    const period = Object.hasOwn(definition.schedules, organization)
      ? definition.schedules[organization]
      : undefined;
    const path = ['schedules', organization];
    if (period === undefined) throw document.complaint(path, 'this cannot be the name of an organization');
    try {
      parseFilter('organization', [literalText(organization)], { timezone, today: '2024-10-05' });
    } catch (error) {
      throw document.complaint(path, errorSentence(error));
    }
    return { organization, period };
  });
  if (schedules.length === 0) return schedules;
  if (filters.organization === undefined)
    throw document.complaint(['schedules'], 'filters.organization is needed: the column with these texts');
  if (Object.hasOwn(labels, ORGANIZATION))
    throw document.complaint(['labels', ORGANIZATION], 'it is what schedules call theirs; call it otherwise');
  return schedules;
}

interface DividedOutput {
  readonly key: string;
  readonly splitBy?: readonly SplitTerm[];
}

/**
 * The outputs of the report itself, and those of its schedules: all whose key has {organization}. One that is split by
 * organization is both: the report writes the files of the organizations without a schedule, each schedule its own.
 * @throws ReportError `definition` for schedules without outputs
 */
export function dividedOutputs<Output extends DividedOutput>(
  outputs: readonly Output[],
  schedules: readonly Schedule[],
  document: YamlText,
): { outputs: readonly Output[]; scheduledOutputs: readonly Output[] } {
  if (schedules.length === 0) return { outputs, scheduledOutputs: [] };
  const isScheduled = ({ key }: Output) => key.includes(`{${ORGANIZATION}}`);
  const isSplit = ({ splitBy = [] }: Output) => splitBy.some(({ word }) => word === ORGANIZATION);
  const scheduledOutputs = outputs.filter(isScheduled).map((output) => {
    const { splitBy = [], ...whole } = output;
    const rest = splitBy.filter(({ word }) => word !== ORGANIZATION);
    return (rest.length === 0 ? whole : { ...whole, splitBy: rest }) as Output;
  });
  if (scheduledOutputs.length === 0)
    throw document.complaint(['schedules'], `an output is needed whose key has {${ORGANIZATION}}`);
  return { outputs: outputs.filter((output) => !isScheduled(output) || isSplit(output)), scheduledOutputs };
}
