// What IAM makes of a policy, for as much of its language as is printed here; anything else is an error.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import type { S3Request } from '../../support/s3-server.js';

export interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | undefined>>;
}

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** Does a policy of an identity allow it? */
export function isAllowed({ Statement }: Policy, asked: Asked): boolean {
  return applies(Statement, asked, 'Allow') && !applies(Statement, asked, 'Deny');
}

/** Does a policy of a bucket refuse it to everybody? */
export function isDenied({ Statement }: Policy, asked: Asked): boolean {
  return applies(Statement, asked, 'Deny');
}

function applies(
  statements: readonly Statement[],
  { action, resource, context = {} }: Asked,
  effect: string,
) {
  return statements.some(
    (statement) =>
      statement.Effect === effect &&
      listed(statement.Action).some((pattern) => like(pattern, action)) &&
      listed(statement.Resource).some((pattern) => like(pattern, resource)) &&
      Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
        Object.entries(keys).every(([key, values]) => holds(operator, context[key], listed(values))),
      ),
  );
}

/** All conditions must hold; of the values of one, any. */
function holds(operator: string, given: string | undefined, values: readonly string[]): boolean {
  switch (operator) {
    case 'StringLikeIfExists':
      return given === undefined || values.some((value) => like(value, given));
    case 'StringNotEquals':
      return given === undefined || !values.includes(given);
    case 'Bool':
      return given !== undefined && values.includes(given);
    case 'Null':
      return values.includes(String(given === undefined));
    default:
      throw new Error(`the condition ${operator} is not evaluated here`);
  }
}

function listed(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** `*` is any text, `?` one character, and `${*}` a star. */
function like(pattern: string, text: string): boolean {
  const source = pattern.replace(/\$\{([*?$])\}|[*?]|[\\^$.|+()[\]{}]/g, (part, literal?: string) => {
    if (literal !== undefined) return `\\${literal}`;
    return part === '*' ? '.*' : part === '?' ? '.' : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 's').test(text);
}

/**
 * The rights that a request needs.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export function rightsOf({ operation, path, headers }: S3Request): Asked[] {
  const url = new URL(path, 'http://localhost');
  const [, bucket = '', encoded = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
  const arn = `arn:aws:s3:::${bucket}`;
  const resource = `${arn}/${decodeURIComponent(encoded)}`;
  const one = (action: string, context?: Asked['context']) => [
    { action, resource, ...(context === undefined ? {} : { context }) },
  ];
  // Without this right what is not there is 403, and no request for an object has a prefix.
  const missing = { action: 's3:ListBucket', resource: arn };
  const encryption = {
    's3:x-amz-server-side-encryption': text(headers['x-amz-server-side-encryption']),
    's3:x-amz-server-side-encryption-aws-kms-key-id': text(
      headers['x-amz-server-side-encryption-aws-kms-key-id'],
    ),
  };
  const key = encryption['s3:x-amz-server-side-encryption-aws-kms-key-id'];
  const kms = (action: string) => (key === undefined ? [] : [{ action, resource: key }]);
  const put = () => [
    ...one('s3:PutObject', encryption),
    ...kms('kms:GenerateDataKey'),
    ...kms('kms:Decrypt'),
  ];
  const source = () => {
    const from = decodeURIComponent(text(headers['x-amz-copy-source']) ?? '').replace(/^\//, '');
    return [{ action: 's3:GetObject', resource: `arn:aws:s3:::${from}` }];
  };
  switch (operation) {
    case 'GetObject':
    case 'HeadObject':
      return [...one('s3:GetObject'), missing];
    case 'PutObject':
    case 'CreateMultipartUpload':
    case 'UploadPart':
    case 'CompleteMultipartUpload':
      return put();
    case 'CopyObject':
    case 'UploadPartCopy':
      return [...source(), ...put()];
    case 'DeleteObject':
      return one(url.searchParams.has('versionId') ? 's3:DeleteObjectVersion' : 's3:DeleteObject');
    case 'AbortMultipartUpload':
      return one('s3:AbortMultipartUpload');
    case 'ListParts':
      return one('s3:ListMultipartUploadParts');
    case 'ListObjectsV2':
      return [
        {
          action: 's3:ListBucket',
          resource: arn,
          context: { 's3:prefix': url.searchParams.get('prefix') ?? undefined },
        },
      ];
    case 'ListMultipartUploads':
      return [{ action: 's3:ListBucketMultipartUploads', resource: arn }];
    default:
      throw new Error(`nobody said which right ${operation} needs`);
  }
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
