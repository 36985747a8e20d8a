// A bucket keeps the contract with parts of the size that S3 asks for.
import { bucketOf } from '../support/destination-contract/bucket.js';
import { destinationContract, MIB } from '../support/destination-contract.js';

const inBucket = { make: bucketOf(5 * MIB), comparesAndReplaces: true } as const;
destinationContract({ ...inBucket, leaves: 0, name: 'an object of 300 kB', size: 300_000 });
destinationContract({ ...inBucket, leaves: 0, name: 'an object of exactly 5 MiB', size: 5 * MIB });
destinationContract({ ...inBucket, leaves: 1, name: 'an object in parts of 5 MiB', size: 11 * MIB });
