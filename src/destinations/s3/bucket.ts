// An open bucket: the SDK, a client with timeouts, and the metadata and encryption of every request.
import type { PutObjectCommandInput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { Environment } from '../../core/environment.js';
import { ReportError } from '../../core/errors.js';
import type { Access } from '../access.js';
import { boundAnswers } from './answers.js';
import { assertEncrypted, endpointOf } from './endpoint.js';
import { explain } from './failures.js';
import type { S3Options } from './options.js';
import { ProfileReasons } from './profile.js';

const CONNECTION_TIMEOUT_MS = 10_000;
/** A part of 16 MiB takes as long at 56 kB/s. */
const REQUEST_TIMEOUT_MS = 300_000;

/** Metadata that names the run that wrote an object. */
export const TOKEN_METADATA = 'reportctl-token';
/** Metadata with a UUID of each staging, which differs between stagings of one run. */
export const STAGE_METADATA = 'reportctl-stage';
/** Notes and probes are below it while an upload or a check goes on; a report cannot have that name. */
export const UNFINISHED = '_reportctl/.unfinished/';

type Sdk = typeof import('./sdk.js');

export interface Bucket {
  readonly sdk: Sdk;
  readonly access: Access;
  readonly client: S3Client;
  readonly bucket: string;
  /** The host and port that requests go to. */
  readonly endpoint: string;
  /** The keys of this destination begin with it; empty or ending in a slash. */
  readonly prefix: string;
  readonly options: S3Options;
}

/** Imports the SDK. */
export async function preloadSdk(): Promise<void> {
  await import('./sdk.js');
}

/**
 * Opens a client and finds out its endpoint, without sending a request.
 * AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED must be in the environment by now, or Node 20 prints seven lines.
 * @throws ReportError `usage` for a missing region, or clear text HTTP to another machine.
 */
export async function openBucket(
  bucket: string,
  prefix: string,
  options: S3Options,
  access: Access,
): Promise<Bucket> {
  const sdk = await import('./sdk.js');
  const known = options.region ?? (await configuredRegion(sdk, options));
  const region = known ?? 'us-east-1';
  const config = clientConfig({ ...options, region });
  const endpoint = await endpointOf(sdk, bucket, config).catch((error: unknown) => {
    throw explain(`find the endpoint of s3://${bucket}`, error, access);
  });
  if (known === undefined && endpoint.hostname.endsWith('.amazonaws.com')) {
    throw new ReportError('usage', `no AWS region is set for s3://${bucket}`, {
      hint: 'Set AWS_REGION to the region of the bucket.',
    });
  }
  assertEncrypted(endpoint, options.allowHttp);
  const opened: Bucket = {
    sdk,
    access,
    client: newClient(sdk, config, options),
    bucket,
    endpoint: `${endpoint.hostname}:${endpoint.port ?? ''}`,
    prefix,
    options,
  };
  keepDates(opened.client);
  retryCorrupted(opened.client);
  boundAnswers(opened.client);
  return opened;
}

function newClient(sdk: Sdk, config: S3ClientConfig, { environment }: S3Options): S3Client {
  if (environment?.get('AWS_PROFILE') === undefined) return new sdk.S3Client(config);
  const reasons = new ProfileReasons();
  const client = new sdk.S3Client({ ...config, logger: reasons.logger });
  reasons.addTo(client);
  return client;
}

function clientConfig(options: S3Options): S3ClientConfig {
  const requestTimeout = options.requestTimeout ?? REQUEST_TIMEOUT_MS;
  return {
    forcePathStyle: options.pathStyle,
    ...variablesOfSdk(options.environment),
    ...(options.region !== undefined && { region: options.region }),
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout,
      // For an answer that stalls after its beginning, which requestTimeout does not cover.
      socketTimeout: requestTimeout,
      throwOnRequestTimeout: true,
    },
  };
}

/**
 * The region, endpoint and keys that the environment sets. The SDK finds everything else itself, in `process.env` and in
 * its profile files; as in the SDK, AWS_PROFILE wins over keys in the environment.
 */
function variablesOfSdk(environment: Environment | undefined): S3ClientConfig {
  const variable = (name: string) => environment?.get(name);
  const region = variable('AWS_REGION');
  const endpoint = variable('AWS_ENDPOINT_URL_S3');
  const accessKeyId = variable('AWS_ACCESS_KEY_ID');
  const secretAccessKey = variable('AWS_SECRET_ACCESS_KEY');
  const sessionToken = variable('AWS_SESSION_TOKEN');
  // The SDK's own message quotes the value, which may hold a password.
  if (endpoint !== undefined && !(/^https?:\/\//i.test(endpoint) && URL.canParse(endpoint))) {
    throw new ReportError('usage', 'AWS_ENDPOINT_URL_S3 is not a URL', {
      hint: 'Give one that begins with https:// or http://.',
    });
  }
  const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined;
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(hasKeys &&
      variable('AWS_PROFILE') === undefined && {
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
      }),
  };
}

/** Adds the Date header of every answer to its `$metadata`. */
function keepDates(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers = {} } = result.response as { headers?: Record<string, string> };
      Object.assign((result.output as { $metadata: object }).$metadata, { date: headers.date });
      return result;
    },
    { step: 'deserialize', priority: 'high', name: 'dateOfAnswer' },
  );
}

/** Bytes that changed or were cut on their way. Sent again they can arrive whole. */
const CORRUPTED = ['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody'];

/** Makes the SDK send a request again whose bytes arrived damaged; by itself it repeats only what the store could not serve. */
function retryCorrupted(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const { name } = error as Error;
        // The trait that https://smithy.io/2.0/spec/behavior-traits.html#retryable-trait gives to errors of a service.
        if (CORRUPTED.includes(name)) Object.assign(error as Error, { $retryable: {} });
        throw error;
      }
    },
    { step: 'deserialize', priority: 'high', name: 'retryCorrupted' },
  );
}

/** Milliseconds between a time in an answer and the answer's date, both by the store's clock. */
export function ageOf(time: Date | undefined, { $metadata }: { readonly $metadata: object }): number {
  const told = Date.parse(Object.assign({ date: '' }, $metadata).date ?? '');
  const now = Number.isNaN(told) ? Date.now() : told;
  return Math.max(0, now - (time?.getTime() ?? now));
}

/** The region from the environment or a profile file. */
async function configuredRegion(sdk: Sdk, options: S3Options): Promise<string | undefined> {
  const client = new sdk.S3Client(clientConfig(options));
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

/** The parameters that ask for the configured encryption at rest. */
export function encryptionInput({
  encryption,
  kmsKeyId,
}: S3Options): Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId'> {
  if (encryption === 'none') return {};
  return {
    ServerSideEncryption: encryption,
    ...(encryption === 'aws:kms' && kmsKeyId !== undefined && { SSEKMSKeyId: kmsKeyId }),
  };
}

/** Says how the confirmed encryption differs from the configured one; undefined when it does not. */
export function encryptionFault(
  { encryption, kmsKeyId }: S3Options,
  answer: { ServerSideEncryption?: string | undefined; SSEKMSKeyId?: string | undefined },
): string | undefined {
  if (encryption === 'none') return undefined;
  const got = answer.ServerSideEncryption;
  if (got !== encryption) return `asked for ${encryption}, the store confirmed ${got ?? 'none'}`;
  // The store names the key by its ARN, which ends with the id; an alias resolves to an id that we do not know.
  const comparable = encryption === 'aws:kms' && kmsKeyId !== undefined && !kmsKeyId.includes('alias/');
  if (comparable && answer.SSEKMSKeyId !== undefined && !answer.SSEKMSKeyId.endsWith(kmsKeyId)) {
    return `asked for the KMS key ${kmsKeyId}, the store used ${answer.SSEKMSKeyId}`;
  }
  return undefined;
}

export function notEncrypted(location: string, fault: string): ReportError {
  return new ReportError('destination', `${location} would not be encrypted as asked: ${fault}`, {
    hint: 'Let the store encrypt at rest, or set REPORTCTL_SSE to what it can do (none if nothing).',
    retryable: false,
  });
}
