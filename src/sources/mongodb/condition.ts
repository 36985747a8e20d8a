// A condition of a $match, and the driver's classes that it may hold.
import type { BSON } from 'mongodb';

/** The driver's classes that conditions need; the driver is imported where it is used. */
export type BsonTypes = Pick<typeof BSON, 'Decimal128' | 'ObjectId' | 'UUID'>;

/** What stands for a path in a $match: `{ $gte: …, $lt: … }`. */
export type Condition = Readonly<Record<string, unknown>>;
