// The options of S3; the caller takes them from the configuration.

import type { Environment } from '../../core/environment.js';

export interface S3Options {
  /** AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID… are taken from here before the SDK looks for them itself. */
  readonly environment?: Environment | undefined;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  /** Bytes of a part, at least 5 MiB; a file holds at most 10,000 parts. */
  readonly partSize: number;
  readonly encryption: 'AES256' | 'aws:kms' | 'none';
  /** A key id, ARN or alias; without one, the account's default key. */
  readonly kmsKeyId?: string | undefined;
  /** Allows plain HTTP to another machine; to this machine it is always allowed. */
  readonly allowHttp: boolean;
  /** Region and endpoint default to what the AWS SDK finds in the environment and its profile files. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** For tests: fewer parts in an upload than S3 allows. */
  readonly maximumParts?: number | undefined;
  /** For tests: smaller parts than S3 allows, in bytes. */
  readonly smallestPart?: number | undefined;
  /** For tests: fewer bytes in one copy than S3 allows. */
  readonly largestCopy?: number | undefined;
  /** Milliseconds until a request without an answer fails; by default 300,000. */
  readonly requestTimeout?: number | undefined;
}
