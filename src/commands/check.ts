// reportctl check: tests definitions, connections, the columns of queries, and what the destination allows.
import { Command, InvalidArgumentError } from 'commander';
import { ReportError } from '../core/errors.js';
import { printable } from '../core/foreign-text.js';
import { type Checked, checkAll } from '../publish/check.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './shared/context.js';
import {
  type DeadlineOptions,
  deadlineOf,
  deadlineOption,
  HOST_ZONE,
  withDeadline,
} from './shared/deadline.js';
import { addNameValue } from './shared/filter-options.js';
import { printJson, printLines } from './shared/print.js';
import { painter } from './shared/screen.js';

interface CheckOptions extends CommonOptions, DeadlineOptions {
  readonly param?: Readonly<Record<string, string>>;
  readonly sample?: number;
  readonly clean?: true;
}

export function checkCommand(context: Context): Command {
  const command = new Command('check')
    .description('definitions, connections, columns and the destination; reads no rows')
    .argument('[reports...]', 'names in queries/, or paths of report files; else all')
    .option('--param <name=value>', 'a param of the reports', addNameValue)
    .option(
      '--sample <documents>',
      'also read this many documents and name paths that none has, values that do not fit, fields in no column',
      parseSampleSize,
    )
    .option('--clean', 'also remove unfinished files that killed runs left more than a day ago')
    .addOption(deadlineOption());
  addCommonOptions(command);
  return command.action(async (names: string[], options: CheckOptions) => {
    const session = await openSession(context, options);
    const { param: params = {}, sample, clean = false } = options;
    const about = { timezone: HOST_ZONE, undone: 'check: not everything was checked', isReading: true };
    const checked = await withDeadline(session, deadlineOf(options, session), about, (bounded) =>
      checkAll(bounded, { names, params, sample, clean }),
    );
    const findings = checked.map(({ subject, ok, detail, isWarning, isUnsafe }) => ({
      subject,
      ok,
      ...(isWarning && { warning: true }),
      ...(isUnsafe && { unsafe: true }),
      detail,
    }));
    const paint = painter(session);
    if (session.json) printJson(session.stdout, findings);
    else
      printLines(
        session.stdout,
        findings.map(({ subject, ok, warning, unsafe, detail }) => {
          const [word, tone] = warning ? WARNING : ok ? PASSED : unsafe ? UNSAFE : FAILURE;
          return `${paint(tone, word)} ${printable(`${subject}: ${detail}`)}`;
        }),
      );
    throwFailures(checked);
  });
}

const PASSED = ['ok    ', 'good'] as const;
const WARNING = ['WARN  ', 'waiting'] as const;
/** A run would work, but something cannot be promised. */
const UNSAFE = ['UNSAFE', 'bad'] as const;
/** A run would fail. */
const FAILURE = ['FAILED', 'bad'] as const;

function parseSampleSize(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('Give a whole number from 1.');
  return Number(value);
}

/**
 * @throws ReportError when a run would fail: with the errors' code when all have the same one, else with `partial`; `unsafe` when
 * a run would work, but something cannot be promised
 */
function throwFailures(checked: readonly Checked[]): void {
  const errors = checked.flatMap(({ error }) => (error === undefined ? [] : [error]));
  if (errors.length === 0) return;
  const codeOf = (error: unknown) => (error instanceof ReportError ? error.code : 'unexpected');
  const failures = errors.filter((error) => codeOf(error) !== 'unsafe');
  const promises = errors.length - failures.length;
  const unsafe = `${promises} ${promises === 1 ? 'thing' : 'things'} cannot be promised`;
  const all = checked.filter(({ isWarning }) => !isWarning).length;
  if (failures.length === 0)
    throw new ReportError('unsafe', `a run works, but ${unsafe}`, {
      hint: 'See the lines that begin with UNSAFE.',
    });
  const codes = new Set(failures.map(codeOf));
  const [code] = codes;
  throw new ReportError(
    codes.size === 1 && code !== undefined ? code : 'partial',
    `${failures.length} of ${all} checks failed${promises === 0 ? '' : `, and ${unsafe}`}`,
  );
}
