// The endpoint of a bucket, found out without sending a request, and the check that it is encrypted.
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { ReportError } from '../../core/errors.js';
import { isLoopback } from '../../core/loopback.js';

type Sdk = typeof import('./sdk.js');

interface Endpoint {
  /** `http:` or `https:` */
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
}

/**
 * The endpoint of the bucket. The SDK reads options, environment and profile files only when it builds a request, so this
 * builds one and does not send it.
 * @throws what the SDK throws when it finds no endpoint
 */
export async function endpointOf(sdk: Sdk, bucket: string, config: S3ClientConfig): Promise<Endpoint> {
  // Fixed credentials: missing ones are reported by the first real request.
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' };
  const client = new sdk.S3Client({ ...config, credentials });
  const command = new sdk.HeadBucketCommand({ Bucket: bucket });
  let endpoint: Endpoint | undefined;
  command.middlewareStack.add(
    () =>
      async ({ request }) => {
        endpoint = request as Endpoint;
        return { response: undefined, output: { $metadata: {} } };
      },
    { step: 'build', priority: 'high' },
  );
  try {
    await client.send(command);
    if (!endpoint) throw new Error('the AWS SDK built no request');
    return endpoint;
  } finally {
    client.destroy();
  }
}

/** @throws ReportError `usage` for clear text HTTP to another machine, unless that is allowed */
export function assertEncrypted({ protocol, hostname }: Endpoint, allowHttp: boolean): void {
  if (protocol !== 'http:' || allowHttp || isLoopback(hostname)) return;
  throw new ReportError('usage', `the S3 endpoint http://${hostname} is not encrypted`, {
    hint: 'Use https://, or set REPORTCTL_S3_ALLOW_HTTP=true if the network between is trusted.',
  });
}
