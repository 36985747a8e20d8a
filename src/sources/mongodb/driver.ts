// The parts of the driver that we use. Import this file dynamically, where it is needed: loading the driver takes 79 ms.
export { AbstractCursor, BSON, MongoClient } from 'mongodb';
