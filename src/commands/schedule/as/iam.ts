// An IAM policy with the least rights for these reports at this destination, for who runs or for who reads.
import { bucketArn, bucketOf, everyKey, kmsKeyArn } from './bucket-names.js';
import type { Plan } from './plan.js';

/**
 * Which right each request needs: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 * Deleting is for leases, notes and probes; of an output it takes back what the store did not encrypt as asked, and what
 * a restated period no longer has.
 */
const WRITES = [
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];

/** @throws ReportError `usage` where reports go to a folder */
export function iam(plan: Plan): string {
  const { bucket, prefix, beginnings } = bucketOf(plan, 'iam');
  const { encryption, choices, s3Sources } = plan;
  const arn = bucketArn(bucket, plan);
  const ours = [...beginnings, '_reportctl/', ...(choices.quarantine ? ['_quarantine/'] : [])];
  const keys = ours.map((beginning) => everyKey(`${prefix}${beginning}`));
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
    ...sources.flatMap(({ bucket: from, beginning }, index) => [
      {
        Sid: `Source${index + 1}`,
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: [`${bucketArn(from, plan)}/${everyKey(beginning)}`],
      },
      listing(`Source${index + 1}Names`, bucketArn(from, plan), [everyKey(beginning)]),
    ]),
  ];
  return `${JSON.stringify({ Version: '2012-10-17', Statement }, undefined, 2)}\n`;
}

/**
 * Whether an object that is not there is 404 or 403 hangs on this right too, and a request for one object has no prefix
 * to compare: hence `IfExists`.
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
