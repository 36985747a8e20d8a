// What we use of the driver; imported where it is used, as a whole.
export { AbstractCursor, BSON, MongoClient } from 'mongodb';
