// The contract over a real S3 server; REPORTCTL_TEST_S3_BUCKET names a bucket of ours that the AWS_* variables lead to.
import { randomBytes } from 'node:crypto';
import { openDestination, openStore } from '../../src/destinations/index.js';
import { destinationContract, MIB, optionsOf, type Place } from '../support/destination-contract.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const bucket = process.env.REPORTCTL_TEST_S3_BUCKET;
const skip = bucket ? false : 'REPORTCTL_TEST_S3_BUCKET names no bucket on a real server';

async function realBucket(): Promise<Place> {
  const prefix = `contract-${randomBytes(6).toString('hex')}`;
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({ forcePathStyle: true });
  const at = { Bucket: bucket, Prefix: prefix };
  const keys = async () =>
    ((await client.send(new sdk.ListObjectsV2Command(at))).Contents ?? []).map(({ Key }) => `${Key}`);
  return {
    open: (signal) => {
      const options = optionsOf(signal);
      const encryption = process.env.REPORTCTL_SSE === 'none' ? ('none' as const) : options.s3.encryption;
      return openDestination(`s3://${bucket}/${prefix}`, { ...options, s3: { ...options.s3, encryption } });
    },
    openStore: (below, isFileName) =>
      openStore(`s3://${bucket}/${prefix}/${below}`, { ...optionsOf(), isFileName }),
    everything: async () => {
      const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand(at));
      return [...(await keys()), ...Uploads.map(({ UploadId }) => `upload ${UploadId}`)];
    },
    content: async (key) => {
      const { Body } = await client.send(
        new sdk.GetObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}` }),
      );
      return Buffer.from((await Body?.transformToByteArray()) ?? 'nothing');
    },
    close: async () => {
      for (const key of await keys())
        await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }));
      client.destroy();
    },
  };
}

const inBucket = { make: realBucket, comparesAndReplaces: true, skip } as const;
destinationContract({ ...inBucket, name: 'a real bucket, a small object', size: 300_000, leaves: 0 });
destinationContract({ ...inBucket, name: 'a real bucket, an object in parts', size: 11 * MIB, leaves: 1 });
