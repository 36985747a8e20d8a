// AWS CLI commands that configure the bucket: public access, versioning, encryption, lifecycle rules and policy.
import { bucketArn, bucketOf, everyKey, kmsKeyArn } from './bucket-names.js';
import type { Plan } from './plan.js';

/** The commands to paste. @throws ReportError `usage` when reports go to a folder */
export function bucket(plan: Plan): string {
  const { bucket: name, prefix } = bucketOf(plan, 'bucket');
  const { encryption, version } = plan;
  const settings: [subcommand: string, option: string, value: unknown, why: readonly string[]][] = [
    [
      'put-public-access-block',
      'public-access-block-configuration',
      PUBLIC_ACCESS,
      ['Blocks public access.'],
    ],
    [
      'put-bucket-versioning',
      'versioning-configuration',
      { Status: 'Enabled' },
      ['Replaced and deleted files can be restored until the lifecycle rules below remove them.'],
    ],
    ...(encryption.how === 'none'
      ? []
      : ([
          [
            'put-bucket-encryption',
            'server-side-encryption-configuration',
            defaultEncryption(plan),
            ['Encrypts uploads that name no encryption.'],
          ],
        ] satisfies typeof settings)),
    [
      'put-bucket-lifecycle-configuration',
      'lifecycle-configuration',
      lifecycle(prefix),
      [
        'Removes parts of killed uploads, and old versions: a lease leaves one every 15 seconds.',
        'This replaces all rules that the bucket has: aws s3api get-bucket-lifecycle-configuration shows them.',
        'The history of restated periods is kept forever. To remove it after five years, add for each report:',
        `  ${JSON.stringify(historyRule(prefix))}`,
      ],
    ],
    [
      'put-bucket-policy',
      'policy',
      policy(plan, name, prefix),
      [
        `Denies requests without TLS${encryption.how === 'none' ? '' : ', and uploads with another encryption'}.`,
        'This replaces the policy that the bucket has: aws s3api get-bucket-policy shows it.',
      ],
    ],
  ];
  const text = settings.map(([subcommand, option, value, why]) =>
    [
      ...why.map((line) => `# ${line}`),
      `aws s3api ${subcommand} --bucket ${name} --${option} '${quotedJson(value)}'`,
      '',
    ].join('\n'),
  );
  return [
    `# Printed by reportctl ${version} schedule: AWS CLI commands for the owner of ${name}.`,
    '',
    ...text,
  ].join('\n');
}

/** JSON for use within the single quotes of a shell. */
function quotedJson(value: unknown): string {
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

const EXPIRY_DAYS = { unfinishedUploads: 2, oldLeases: 7, oldFiles: 90, history: 1826 };

function lifecycle(prefix: string) {
  return {
    Rules: [
      {
        ID: 'reportctl-unfinished',
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: EXPIRY_DAYS.unfinishedUploads },
      },
      {
        ID: 'reportctl-former-versions',
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        NoncurrentVersionExpiration: { NoncurrentDays: EXPIRY_DAYS.oldFiles },
        Expiration: { ExpiredObjectDeleteMarker: true },
      },
      {
        ID: 'reportctl-former-leases',
        Status: 'Enabled',
        Filter: { Prefix: `${prefix}_reportctl/` },
        NoncurrentVersionExpiration: { NoncurrentDays: EXPIRY_DAYS.oldLeases },
      },
    ],
  };
}

function historyRule(prefix: string) {
  return {
    ID: 'history-of-REPORT',
    Status: 'Enabled',
    Filter: { Prefix: `${prefix}_reportctl/REPORT/history/` },
    Expiration: { Days: EXPIRY_DAYS.history },
  };
}

function policy(plan: Plan, name: string, prefix: string) {
  const { encryption } = plan;
  const arn = bucketArn(name, plan);
  const Resource = [arn, `${arn}/*`];
  const header = 's3:x-amz-server-side-encryption';
  const denyEveryone = { Effect: 'Deny', Principal: '*' };
  /** The header is present with another value. Without it the default applies; requests for parts never have it. */
  const isOtherThan = (key: string, value: string) => ({
    Null: { [key]: 'false' },
    StringNotEquals: { [key]: value },
  });
  const denyUploads = { ...denyEveryone, Action: 's3:PutObject', Resource: `${arn}/${everyKey(prefix)}` };
  const hasArn = encryption.kmsKeyId?.startsWith('arn:') === true && !encryption.kmsKeyId.includes(':alias/');
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'NoClearText',
        ...denyEveryone,
        Action: 's3:*',
        Resource,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      ...(encryption.how === 'none'
        ? []
        : [{ Sid: 'NoOtherEncryption', ...denyUploads, Condition: isOtherThan(header, encryption.how) }]),
      ...(hasArn
        ? [
            {
              Sid: 'NoOtherKey',
              ...denyUploads,
              Condition: isOtherThan(`${header}-aws-kms-key-id`, kmsKeyArn(plan)),
            },
          ]
        : []),
    ],
  };
}
