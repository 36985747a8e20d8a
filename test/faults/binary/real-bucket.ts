// A bucket of a real S3 server, which REPORTCTL_TEST_S3_BUCKET names and the AWS_… variables lead to; each place is a prefix.
import { randomBytes } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Destinations, Place } from './places.js';

/** Objects there cannot be made old, so that no case waits until a lease is. */
export async function realBucket(bucket: string): Promise<Destinations> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const client: S3Client = new sdk.S3Client({ forcePathStyle: true });
  const Bucket = bucket;
  const encrypted = process.env.REPORTCTL_SSE === 'none' ? {} : ({ ServerSideEncryption: 'AES256' } as const);
  const run = randomBytes(4).toString('hex');
  let count = 0;

  const keysBelow = async (prefix: string) => {
    const { Contents = [] } = await client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix: prefix }));
    return Contents.map(({ Key }) => `${Key}`);
  };
  const uploadsBelow = async (prefix: string) => {
    const { Uploads = [] } = await client.send(
      new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: prefix }),
    );
    return Uploads;
  };
  const contentOf = async (Key: string) => {
    const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? '');
  };

  function placeAt(prefix: string): Place {
    return {
      address: `s3://${bucket}/${prefix.slice(0, -1)}`,
      env: { ...awsVariables(), REPORTCTL_S3_PATH_STYLE: 'true', REPORTCTL_S3_PART_SIZE: '5MiB' },
      counted: { FAULT_PORT: new URL(process.env.AWS_ENDPOINT_URL_S3 ?? '').port },
      files: async () => {
        const found = new Map<string, Buffer>();
        for (const key of await keysBelow(prefix)) found.set(key.slice(prefix.length), await contentOf(key));
        return found;
      },
      uploads: async () => (await uploadsBelow(prefix)).map(({ Key }) => `${Key}`.slice(prefix.length)),
      replace: async (key, content) => {
        await client.send(
          new sdk.PutObjectCommand({ Bucket, Key: `${prefix}${key}`, Body: content, ...encrypted }),
        );
      },
      erase: async (key) => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: `${prefix}${key}` }));
      },
      remove: async () => {
        for (const Key of await keysBelow(prefix))
          await client.send(new sdk.DeleteObjectCommand({ Bucket, Key }));
      },
    };
  }

  return {
    kind: 'real-s3',
    make: async (template) => {
      count += 1;
      const prefix = `faults-${run}/p${count}/`;
      const from = template && `${new URL(template.address).pathname.slice(1)}/`;
      for (const key of from === undefined ? [] : await keysBelow(from)) {
        const Key = `${prefix}${key.slice(from?.length)}`;
        const CopySource = `${bucket}/${encodeURIComponent(key)}`;
        await client.send(new sdk.CopyObjectCommand({ Bucket, Key, CopySource, ...encrypted }));
      }
      return placeAt(prefix);
    },
    close: async () => {
      for (const Key of await keysBelow(`faults-${run}/`))
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key }));
      client.destroy();
    },
  };
}

function awsVariables(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => /^AWS_|^REPORTCTL_(SSE|S3)_?/.test(name));
  return Object.fromEntries(own.map(([name, value]) => [name, value ?? '']));
}
