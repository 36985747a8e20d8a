// The settings of the bucket: no public access, encryption at rest, what may be sent, and what goes by itself.
import { bucketArn, bucketOf, everyKey, kmsKeyArn } from './bucket-names.js';
import type { Plan } from './plan.js';

/** @throws ReportError `usage` where reports go to a folder */
export function bucket(plan: Plan): string {
  const { bucket: name, prefix } = bucketOf(plan, 'bucket');
  const { encryption, version } = plan;
  const settings: [subcommand: string, option: string, value: unknown, why: readonly string[]][] = [
    ['put-public-access-block', 'public-access-block-configuration', PUBLIC_ACCESS, ['Nothing is public.']],
    [
      'put-bucket-versioning',
      'versioning-configuration',
      { Status: 'Enabled' },
      ['What is replaced or deleted can be brought back for as long as the rules below keep it.'],
    ],
    ...(encryption.how === 'none'
      ? []
      : ([
          [
            'put-bucket-encryption',
            'server-side-encryption-configuration',
            defaultEncryption(plan),
            ['What is sent without saying how is encrypted so.'],
          ],
        ] satisfies typeof settings)),
    [
      'put-bucket-lifecycle-configuration',
      'lifecycle-configuration',
      lifecycle(prefix),
      [
        'Parts of killed uploads and old versions go; a renewed lease leaves a version every 15 seconds.',
        'This replaces all rules that the bucket has: aws s3api get-bucket-lifecycle-configuration shows them.',
        'The history of restated periods stays for ever. To end it after five years, add for each report:',
        `  ${JSON.stringify(HISTORY(prefix))}`,
      ],
    ],
    [
      'put-bucket-policy',
      'policy',
      policy(plan, name, prefix),
      [
        `No request in clear text${encryption.how === 'none' ? '' : ', and no other encryption'}.`,
        'This replaces the policy that the bucket has: aws s3api get-bucket-policy shows it.',
      ],
    ],
  ];
  const text = settings.map(([subcommand, option, value, why]) =>
    [
      ...why.map((line) => `# ${line}`),
      `aws s3api ${subcommand} --bucket ${name} --${option} '${quoted(value)}'`,
      '',
    ].join('\n'),
  );
  return [
    `# Printed by reportctl ${version} schedule: commands of the AWS CLI, for who owns ${name}.`,
    '',
    ...text,
  ].join('\n');
}

/** JSON within the single quotes of a shell. */
function quoted(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll("'", "'\\''");
}

const PUBLIC_ACCESS = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

function defaultEncryption({ encryption }: Plan) {
  const isKms = encryption.how === 'aws:kms';
  const how = {
    SSEAlgorithm: encryption.how,
    ...(encryption.kmsKeyId === undefined ? {} : { KMSMasterKeyID: encryption.kmsKeyId }),
  };
  return {
    Rules: [{ ApplyServerSideEncryptionByDefault: how, ...(isKms ? { BucketKeyEnabled: true } : {}) }],
  };
}

/** Days */
const DAYS = { unfinished: 2, formerWork: 7, formerFiles: 90, history: 1826 };

function lifecycle(prefix: string) {
  return {
    Rules: [
      {
        ID: 'reportctl-unfinished',
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: DAYS.unfinished },
      },
      {
        ID: 'reportctl-former-versions',
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        NoncurrentVersionExpiration: { NoncurrentDays: DAYS.formerFiles },
        Expiration: { ExpiredObjectDeleteMarker: true },
      },
      {
        ID: 'reportctl-former-leases',
        Status: 'Enabled',
        Filter: { Prefix: `${prefix}_reportctl/` },
        NoncurrentVersionExpiration: { NoncurrentDays: DAYS.formerWork },
      },
    ],
  };
}

const HISTORY = (prefix: string) => ({
  ID: 'history-of-REPORT',
  Status: 'Enabled',
  Filter: { Prefix: `${prefix}_reportctl/REPORT/history/` },
  Expiration: { Days: DAYS.history },
});

function policy(plan: Plan, name: string, prefix: string) {
  const { encryption } = plan;
  const arn = bucketArn(name, plan);
  const Resource = [arn, `${arn}/*`];
  const header = 's3:x-amz-server-side-encryption';
  const everybody = { Effect: 'Deny', Principal: '*' };
  /** Said, and said otherwise: what says nothing gets the default, and a part of an upload never says anything. */
  const otherThan = (key: string, value: string) => ({
    Null: { [key]: 'false' },
    StringNotEquals: { [key]: value },
  });
  const sent = { ...everybody, Action: 's3:PutObject', Resource: `${arn}/${everyKey(prefix)}` };
  const hasArn = encryption.kmsKeyId?.startsWith('arn:') === true && !encryption.kmsKeyId.includes(':alias/');
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'NoClearText',
        ...everybody,
        Action: 's3:*',
        Resource,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      ...(encryption.how === 'none'
        ? []
        : [{ Sid: 'NoOtherEncryption', ...sent, Condition: otherThan(header, encryption.how) }]),
      ...(hasArn
        ? [{ Sid: 'NoOtherKey', ...sent, Condition: otherThan(`${header}-aws-kms-key-id`, kmsKeyArn(plan)) }]
        : []),
    ],
  };
}
