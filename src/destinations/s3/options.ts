// What the S3 destination can be told; the caller takes it from the environment.

import type { Environment } from '../../core/environment.js';

export interface S3Options {
  /** Where AWS_REGION, AWS_ENDPOINT_URL_S3 and AWS_ACCESS_KEY_ID… are looked up before the SDK looks itself. */
  readonly environment?: Environment | undefined;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  /** Bytes of a part, at least 5 MiB; a file holds at most 10,000 parts. */
  readonly partSize: number;
  readonly encryption: 'AES256' | 'aws:kms' | 'none';
  /** A key id, ARN or alias; without one, the account's default key. */
  readonly kmsKeyId?: string | undefined;
  /** Lets bytes and signatures cross a network in clear text; loopback needs no permission. */
  readonly allowHttp: boolean;
  /** Both fall back to what the AWS SDK finds in the environment and its profile files. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** For tests: less than S3's limit on the parts of an upload. */
  readonly maximumParts?: number | undefined;
  /** For tests: less than the bytes that S3 copies by one request. */
  readonly largestCopy?: number | undefined;
  /** Milliseconds until an unanswered request is given up; 300,000 unless told. */
  readonly requestTimeout?: number | undefined;
}
