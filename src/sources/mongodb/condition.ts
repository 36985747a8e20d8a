// Types for conditions of a $match and the driver's classes in them.
import type { BSON } from 'mongodb';

/** The driver's classes that conditions use, passed in because the driver is loaded only when needed. */
export type BsonTypes = Pick<typeof BSON, 'Decimal128' | 'ObjectId' | 'UUID'>;

/** The condition for one path in a $match: `{ $gte: …, $lt: … }`. */
export type Condition = Readonly<Record<string, unknown>>;
