// An IAM policy with the least rights for running these reports, or for reading their files.
import { bucketArn, bucketOf, everyKey, kmsKeyArn } from './bucket-names.js';
import type { Plan } from './plan.js';

/**
 * The rights of a run: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 * A run deletes leases, notes and probes, outputs that the store encrypted differently than requested, and outputs that a restated
 * period no longer has.
 */
const WRITES = [
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];

/** The policy as JSON. @throws ReportError `usage` when reports go to a folder */
export function iam(plan: Plan): string {
  const { bucket, prefix, keyPrefixes } = bucketOf(plan, 'iam');
  const { encryption, choices, s3Sources } = plan;
  const arn = bucketArn(bucket, plan);
  const allPrefixes = [...keyPrefixes, '_reportctl/', ...(choices.quarantine ? ['_quarantine/'] : [])];
  const keys = allPrefixes.map((keyPrefix) => everyKey(`${prefix}${keyPrefix}`));
  const sources = choices.readers ? [] : s3Sources;
  const Statement = [
    {
      Sid: 'Files',
      Effect: 'Allow',
      Action: choices.readers ? ['s3:GetObject'] : WRITES,
      Resource: keys.map((key) => `${arn}/${key}`),
    },
    listing('Names', arn, keys),
    ...(choices.readers
      ? []
      : [{ Sid: 'Uploads', Effect: 'Allow', Action: ['s3:ListBucketMultipartUploads'], Resource: [arn] }]),
    ...(encryption.how === 'aws:kms'
      ? [
          {
            Sid: 'Key',
            Effect: 'Allow',
            Action: choices.readers ? ['kms:Decrypt'] : ['kms:GenerateDataKey', 'kms:Decrypt'],
            Resource: [kmsKeyArn(plan)],
          },
        ]
      : []),
    ...sources.flatMap(({ bucket: from, keyPrefix }, index) => [
      {
        Sid: `Source${index + 1}`,
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: [`${bucketArn(from, plan)}/${everyKey(keyPrefix)}`],
      },
      listing(`Source${index + 1}Names`, bucketArn(from, plan), [everyKey(keyPrefix)]),
    ]),
  ];
  return `${JSON.stringify({ Version: '2012-10-17', Statement }, undefined, 2)}\n`;
}

/**
 * The right to list keys. S3 answers a request for a missing object with 404 only if this right applies to it, else with 403. Such a
 * request has no prefix, hence `IfExists`.
 */
function listing(Sid: string, arn: string, prefixes: readonly string[]) {
  return {
    Sid,
    Effect: 'Allow',
    Action: ['s3:ListBucket'],
    Resource: [arn],
    Condition: { StringLikeIfExists: { 's3:prefix': prefixes } },
  };
}
