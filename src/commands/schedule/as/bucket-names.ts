// Names of buckets, keys and KMS keys as policies write them, and the destination that policies are about.
import { ReportError } from '../../../core/errors.js';
import type { Plan, PlannedDestination } from './plan.js';

export type Bucket = Extract<PlannedDestination, { kind: 's3' }>;

/** @throws ReportError `usage` where reports go to a folder */
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
 * Every key that begins so, as a pattern; `*`, `?` and `$` of a key are written as
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html says.
 */
export function everyKey(beginning: string): string {
  return `${beginning.replace(/[*?$]/g, (character) => `\${${character}}`)}*`;
}

/** A policy about keys takes their ARN only: an id is made one, an alias cannot be. */
export function kmsKeyArn({ encryption: { kmsKeyId }, region }: Plan): string {
  if (kmsKeyId?.startsWith('arn:') && !kmsKeyId.includes(':alias/')) return kmsKeyId;
  const id = kmsKeyId === undefined || kmsKeyId.includes('alias/') ? 'KEY-ID' : kmsKeyId;
  return `arn:${partition(region)}:kms:${region ?? 'REGION'}:ACCOUNT-ID:key/${id}`;
}
