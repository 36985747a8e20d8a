// $group: documents with equal keys become one, with exact sums.
import { ACCUMULATORS } from './accumulators.js';
import { ServerError } from './errors.js';
import { evaluate } from './expressions.js';
import { keyOf } from './order.js';
import { documentOf, elementOf, fieldOf, fieldsOf, TYPE, toValue, type Value } from './values.js';

const NULL = toValue(null);

/** Groups come in the order in which their keys were first seen, which a real server does not promise. */
export function compileGroup(specification: Uint8Array): (documents: readonly Buffer[]) => Buffer[] {
  const id = fieldOf(specification, '_id');
  if (id === undefined) throw new ServerError(15955, 'a group specification must include an _id');
  const fields = fieldsOf(specification)
    .filter(({ name }) => name !== '_id')
    .map((field) => {
      const [operator, second] = field.type === TYPE.object ? fieldsOf(field.bytes) : [];
      if (operator === undefined || second !== undefined)
        throw new ServerError(40234, `The field '${field.name}' must be an accumulator object`);
      const accumulate = ACCUMULATORS[operator.name];
      if (accumulate === undefined) throw new ServerError(15952, `unknown group operator '${operator.name}'`);
      return { name: field.name, operand: operator, accumulate };
    });
  return (documents) => {
    const groups = new Map<string, { key: Value; members: Buffer[] }>();
    for (const document of documents) {
      // A missing key is the group of null.
      const key = evaluate(id, document) ?? NULL;
      const text = keyOf(key);
      const group = groups.get(text) ?? { key, members: [] };
      group.members.push(document);
      groups.set(text, group);
    }
    return Array.from(groups.values(), ({ key, members }) =>
      documentOf([
        elementOf('_id', key),
        ...fields.map(({ name, operand, accumulate }) =>
          elementOf(name, accumulate(members.map((member) => evaluate(operand, member))) ?? NULL),
        ),
      ]),
    );
  };
}
