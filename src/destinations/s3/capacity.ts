// The largest file that an upload in parts can hold, and the setting that raises it.
import { ReportError } from '../../core/errors.js';
import type { S3Options } from './options.js';

/** S3's limits, in bytes and parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const SMALLEST_PART = 5 * 1024 ** 2;
export const LARGEST_PART = 5 * 1024 ** 3;
export const MAXIMUM_PARTS = 10_000;

export const PART_SIZE_SETTING = 'REPORTCTL_S3_PART_SIZE';

/** The most bytes that one upload holds with the configured part size. */
export function capacityOf({ partSize, maximumParts = MAXIMUM_PARTS }: S3Options): number {
  return partSize * maximumParts;
}

/** The error of a file that is larger. */
export function tooLarge(location: string, options: S3Options): ReportError {
  const { partSize, maximumParts = MAXIMUM_PARTS } = options;
  const next = Math.ceil((2 * partSize) / 1024 ** 2);
  return new ReportError('destination', `${location} would be larger than ${capacityOf(options)} bytes`, {
    hint:
      partSize * 2 > LARGEST_PART
        ? 'S3 takes no larger file: split the report, or filter it.'
        : `It holds ${maximumParts} parts of ${partSize} bytes: set ${PART_SIZE_SETTING} to ${next}MiB or more.`,
    retryable: false,
  });
}
