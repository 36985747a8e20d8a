// Reads the planner's plan: how each filter finds its rows.
import type { FilterPlan } from '../../core/source.js';

/** The part that we read of a node of EXPLAIN (FORMAT JSON); PostgreSQL manual, "EXPLAIN". */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Plan Rows': number;
  readonly 'Plan Width': number;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Filter?: string;
  readonly 'Join Filter'?: string;
  readonly 'One-Time Filter'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** A condition as the plan spells it, and where it is tested. */
interface Tested {
  readonly condition: string;
  readonly plan: FilterPlan;
}

/**
 * How one filter finds its rows. The server does not say which part of a plan comes from which filter, so the plan with all
 * filters is compared with the plan without this one: the filter's conditions are those that only the first plan tests.
 */
export function filterPlan(withAll: PlanNode, withoutThis: PlanNode): FilterPlan {
  const others = testedBy(withoutThis).map(({ condition }) => condition);
  const own = testedBy(withAll).filter(({ condition }) => {
    const at = others.indexOf(condition);
    if (at !== -1) others.splice(at, 1);
    return at === -1;
  });
  for (const how of ['never', 'index', 'after-index', 'scan', 'result', 'unknown'] as const) {
    const found = own.flatMap(({ plan }) => (plan.how === how ? [plan] : []));
    const [first] = found;
    if (first === undefined) continue;
    const names = [...new Set(found.flatMap((plan) => ('name' in plan ? [plan.name] : [])))];
    return 'name' in first ? { ...first, name: names.join(', ') } : first;
  }
  return { how: 'unknown' };
}

function testedBy(node: PlanNode): Tested[] {
  const own: Tested[] = [];
  const add = (text: string | undefined, plan: FilterPlan) => {
    for (const condition of conjuncts(text ?? '')) if (hasConstant(condition)) own.push({ condition, plan });
  };
  const index = node['Index Name'];
  if (index !== undefined) add(node['Index Cond'], { how: 'index', name: index });
  add(node.Filter, filteredAt(node));
  add(node['Join Filter'], { how: 'result' });
  if (node['One-Time Filter'] === 'false') own.push({ condition: 'false', plan: { how: 'never' } });
  return [...own, ...(node.Plans ?? []).flatMap(testedBy)];
}

/** Which rows a node's filter is tested on. */
function filteredAt(node: PlanNode): FilterPlan {
  const relation = node['Relation Name'];
  if (relation === undefined) return { how: 'result' };
  if (node['Node Type'] === 'Seq Scan') return { how: 'scan', name: relation };
  const indexes = node['Node Type'] === 'Bitmap Heap Scan' ? indexesBelow(node) : [];
  if (node['Index Name'] !== undefined && node['Index Cond'] !== undefined) indexes.push(node['Index Name']);
  if (indexes.length > 0) return { how: 'after-index', name: indexes.join(', ') };
  // An index without a condition is read from end to end, for its order: a scan of all rows.
  return node['Index Name'] === undefined ? { how: 'unknown' } : { how: 'scan', name: relation };
}

function indexesBelow({ Plans = [] }: PlanNode): string[] {
  return Plans.flatMap((node) => [
    ...(node['Index Name'] === undefined ? [] : [node['Index Name']]),
    ...indexesBelow(node),
  ]);
}

/**
 * Does the condition come from a filter? Filters compare with a literal or test IS NOT NULL; joins compare columns. A filter on a
 * boolean is planned as the column alone, or NOT and the column.
 */
function hasConstant(condition: string): boolean {
  return /'|[ (]-?\d|IS NOT NULL|^false$|^(?:\(NOT )?[\w$."]+\)?$/.test(condition);
}

/** The operands of the outermost AND: `((a > 1) AND (b = 'x'::text))` to `(a > 1)` and `(b = 'x'::text)`. */
export function conjuncts(text: string): string[] {
  if (text === '') return [];
  const parts: string[] = [];
  let start = 0;
  const inner = isWrapped(text) ? text.slice(1, -1) : text;
  let depth = 0;
  for (const match of inner.matchAll(TOKEN)) {
    if (match[0] === '(') depth += 1;
    else if (match[0] === ')') depth -= 1;
    else if (match[0] === ' AND ' && depth === 0) {
      parts.push(inner.slice(start, match.index));
      start = match.index + match[0].length;
    }
  }
  return parts.length === 0 ? [text] : [...parts, inner.slice(start)];
}

/** A parenthesis, a string, a quoted name, or the AND between two conditions. */
const TOKEN = /[()]|E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"| AND /gs;

/** Does the parenthesis that begins the text close at its end? */
function isWrapped(text: string): boolean {
  if (!text.startsWith('(') || !text.endsWith(')')) return false;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0) return index === text.length - 1;
  }
  return false;
}
