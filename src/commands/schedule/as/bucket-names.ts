// Formats buckets, keys and KMS keys for policies.
import { ReportError } from '../../../core/errors.js';
import type { Plan, PlannedDestination } from './plan.js';

export type Bucket = Extract<PlannedDestination, { kind: 's3' }>;

/** The bucket of the destination. @param word the value of `--as`, for the message @throws ReportError `usage` when reports go to a folder */
export function bucketOf({ destination }: Plan, word: string): Bucket {
  if (destination.kind === 's3') return destination;
  throw new ReportError(
    'usage',
    `schedule: --as ${word} needs a bucket, the destination is ${destination.path}`,
    {
      hint: 'Set REPORTCTL_DESTINATION to s3://bucket/prefix.',
    },
  );
}

function partition(region: string | undefined): string {
  if (region?.startsWith('cn-')) return 'aws-cn';
  return region?.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function bucketArn(bucket: string, { region }: Pick<Plan, 'region'>): string {
  return `arn:${partition(region)}:s3:::${bucket}`;
}

/**
 * The pattern of all keys with this prefix. `*`, `?` and `$` are escaped:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function everyKey(keyPrefix: string): string {
  return `${keyPrefix.replace(/[*?$]/g, (character) => `\${${character}}`)}*`;
}

/** The ARN of the KMS key, which policies require. An id becomes an ARN; for an alias, the result has the placeholder KEY-ID. */
export function kmsKeyArn({ encryption: { kmsKeyId }, region }: Plan): string {
  if (kmsKeyId?.startsWith('arn:') && !kmsKeyId.includes(':alias/')) return kmsKeyId;
  const id = kmsKeyId === undefined || kmsKeyId.includes('alias/') ? 'KEY-ID' : kmsKeyId;
  return `arn:${partition(region)}:kms:${region ?? 'REGION'}:ACCOUNT-ID:key/${id}`;
}
