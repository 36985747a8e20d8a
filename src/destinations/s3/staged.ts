// A staged object: parts are uploaded while rows arrive, and publish() makes the object visible in one request.
import { randomUUID } from 'node:crypto';
import type { CompletedPart, PutObjectCommandInput, UploadPartCommandOutput } from '@aws-sdk/client-s3';
import type { Published, Staged, StageOptions } from '../../core/destination.js';
import {
  type Bucket,
  encryptionFault,
  encryptionInput,
  notEncrypted,
  STAGE_METADATA,
  TOKEN_METADATA,
} from './bucket.js';
import { capacityOf, SMALLEST_PART, tooLarge } from './capacity.js';
import { conditionOf, refusalOf } from './conditions.js';
import { attemptsOf, explain, isAmbiguous, withLeft } from './failures.js';
import { removeNote, writeNote } from './notes.js';
import { type Committed, confirm, resolve } from './outcome.js';
import { Parts } from './parts.js';
import { abortLostUploads, abortUpload } from './uploads.js';

/** The fields that are read of any answer. */
interface Answer extends Committed {
  readonly UploadId?: string | undefined;
}

type Input = PutObjectCommandInput & { readonly Bucket: string; readonly Key: string };

interface StagedObjectOptions extends StageOptions {
  readonly token: string;
  readonly signal: AbortSignal;
}

/** Sends nothing until there are more bytes than one part, or until `publish()`. */
export async function stageObject(store: Bucket, key: string, options: StagedObjectOptions): Promise<Staged> {
  return new StagedObject(store, key, options);
}

class StagedObject implements Staged {
  readonly #store: Bucket;
  readonly #key: string;
  readonly #location: string;
  readonly #options: StagedObjectOptions;
  readonly #stage = randomUUID();
  /** The input that every request has which creates the object. */
  readonly #input: Input;
  readonly #parts: Parts;
  readonly #cancelParts = new AbortController();
  readonly #signal: AbortSignal;
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;
  /** The request that makes the object visible was sent: from now on only a look at the key tells whether it is there. */
  #committing = false;
  /** The answers to the creation of the upload and to the commit, merged. */
  #answer: Answer = {};
  /** The parts that the store has confirmed. */
  readonly #stored: CompletedPart[] = [];
  #creating: Promise<void> | undefined;
  #uploadId: string | undefined;
  #encryptionConfirmed = false;
  #lostCreations = 0;
  #creatingSince = 0;

  constructor(store: Bucket, key: string, options: StagedObjectOptions) {
    this.#store = store;
    this.#key = key;
    this.#location = `s3://${store.bucket}/${key}`;
    this.#options = options;
    this.#signal = options.signal;
    this.#input = {
      Bucket: store.bucket,
      Key: key,
      ContentType: options.contentType,
      ...(options.contentEncoding !== undefined && { ContentEncoding: options.contentEncoding }),
      Metadata: { [TOKEN_METADATA]: options.token, [STAGE_METADATA]: this.#stage },
      ...encryptionInput(store.options),
      ...conditionOf(options.existing),
    };
    this.#parts = new Parts(store.options.partSize, (part, number) => this.#sendPart(part, number));
    options.signal.addEventListener('abort', this.#cancelled);
    if (options.signal.aborted) this.#cancelled();
  }

  async write(chunk: Buffer): Promise<void> {
    const { options } = this.#store;
    if (this.#bytes + chunk.length > capacityOf(options)) this.#fail(tooLarge(this.#location, options));
    if (this.#failure === undefined) await this.#parts.write(chunk);
    if (this.#failure !== undefined) throw this.#explained(this.#failure.error);
    this.#bytes += chunk.length;
  }

  async publish(): Promise<Published> {
    if (this.#failure === undefined) await this.#commit().catch((error: unknown) => this.#fail(error));
    await this.#parts.settled();
    this.#signal.removeEventListener('abort', this.#cancelled);
    const sent = {
      key: this.#key,
      location: this.#location,
      stage: this.#stage,
      bytes: this.#bytes,
      parts: this.#parts.count === 0 ? undefined : this.#parts.count,
    };
    if (!this.#failure) {
      try {
        return await confirm(this.#store, sent, this.#answer);
      } finally {
        await this.#removeNote();
      }
    }
    const { error } = this.#failure;
    // First abort the upload: then a commit that is still in flight can no longer succeed.
    const left = await this.#clearUploads().then(
      () => undefined,
      (reason: unknown) => explain('clean up', reason),
    );
    const published = this.#committing
      ? await resolve(this.#store, sent, error).catch((reason: unknown) => {
          throw withLeft(reason, left);
        })
      : undefined;
    if (published) return published;
    const refusal = refusalOf(error, this.#options.existing, this.#location);
    if (left === undefined && refusal) throw refusal;
    throw withLeft(this.#explained(error), left);
  }

  async discard(): Promise<void> {
    this.#fail(new Error('the report was discarded'));
    await this.#parts.settled();
    this.#signal.removeEventListener('abort', this.#cancelled);
    await this.#clearUploads();
  }

  /**
   * Creates the object: up to one part of bytes goes with the request, by the SDK's Upload; more bytes are in the parts
   * already. The parts are not left to Upload because it copies them: a peak of 205 MB instead of 136.
   */
  async #commit(): Promise<void> {
    const { sdk, client, options } = this.#store;
    if (this.#parts.count === 0) {
      await this.#options.confirm?.();
      const params = { ...this.#input, Body: this.#parts.rest };
      const partSize = Math.max(options.partSize, SMALLEST_PART);
      await this.#sent('commits', () => new sdk.Upload({ client, params, partSize }).done());
      return;
    }
    await this.#parts.finish();
    if (this.#failure) throw this.#failure.error;
    const inOrder = this.#stored.sort((a, b) => Number(a.PartNumber) - Number(b.PartNumber));
    const whole = { UploadId: this.#uploadId, MultipartUpload: { Parts: inOrder } };
    const command = new sdk.CompleteMultipartUploadCommand({ ...this.#input, ...whole });
    await this.#options.confirm?.();
    await this.#sent('commits', () => client.send(command));
  }

  /** Never rejects: a failure is kept in #failure. */
  async #sendPart(part: Buffer, number: number): Promise<void> {
    const { Bucket, Key } = this.#input;
    const { sdk } = this.#store;
    try {
      this.#creating ??= this.#create();
      await this.#creating;
      const order = { Bucket, Key, UploadId: this.#uploadId, PartNumber: number, Body: part };
      const { client } = this.#store;
      const command = new sdk.UploadPartCommand(order);
      const answer: UploadPartCommandOutput = await this.#sent('sends', () =>
        client.send(command, this.#cancelOptions),
      );
      this.#confirmEncryption(answer);
      const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256 } = answer;
      if (ETag === undefined) throw new Error(`the store gave part ${number} no ETag`);
      const checksums = { ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256 };
      this.#stored.push({ PartNumber: number, ETag, ...checksums });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #create(): Promise<void> {
    const { sdk, client } = this.#store;
    const isChecked = (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
    const checksum = isChecked ? { ChecksumAlgorithm: sdk.ChecksumAlgorithm.CRC32 } : {};
    const command = new sdk.CreateMultipartUploadCommand({ ...this.#input, ...checksum });
    await this.#sent('creates', () => client.send(command, this.#cancelOptions));
  }

  /** Aborts the upload, and those whose creation was not answered. @throws ReportError `destination` when one may be left */
  async #clearUploads(): Promise<void> {
    if (this.#uploadId !== undefined) await abortUpload(this.#store, this.#key, this.#uploadId);
    // The note goes last: an upload that could not be aborted is found by its note.
    await this.#removeNote();
    if (this.#lostCreations > 0) await this.#clearLostUploads();
  }

  async #removeNote(): Promise<void> {
    if (this.#uploadId !== undefined) await removeNote(this.#store, this.#stage);
  }

  #clearLostUploads(): Promise<void> {
    return abortLostUploads(this.#store, {
      key: this.#key,
      lost: this.#lostCreations,
      since: this.#creatingSince,
      known: this.#uploadId,
    });
  }

  readonly #cancelled = () => this.#fail(this.#signal.reason);

  /** Cancels the parts in flight. The first failure is kept; a cancellation after the commit was sent is not one. */
  #fail(error: unknown): void {
    if (this.#committing && error === this.#signal.reason) return;
    this.#failure ??= { error };
    this.#cancelParts.abort();
  }

  #explained(error: unknown): unknown {
    return this.#signal.aborted && error === this.#signal.reason
      ? error
      : explain(`write ${this.#location}`, error);
  }

  /** Options of requests that a failure cancels: all but the commit, whose outcome would be unknown. */
  get #cancelOptions() {
    return { abortSignal: this.#cancelParts.signal };
  }

  /** Sends a request of this upload and keeps its answer or failure. */
  async #sent<T extends Answer>(what: 'creates' | 'sends' | 'commits', send: () => Promise<T>): Promise<T> {
    if (this.#failure) throw this.#failure.error;
    if (what === 'creates') this.#creatingSince = Date.now();
    if (what === 'commits') this.#committing = true;
    try {
      const answer = await send();
      if (what === 'creates') await this.#created(answer);
      if (what === 'commits')
        this.#answer = {
          ...answer,
          ServerSideEncryption: answer.ServerSideEncryption ?? this.#answer.ServerSideEncryption,
        };
      return answer;
    } catch (error) {
      if (what === 'creates' && this.#uploadId === undefined && isAmbiguous(error)) {
        this.#lostCreations += attemptsOf(error);
      }
      this.#fail(error);
      throw error;
    }
  }

  /** Compares the confirmed encryption with the configured one, long before the object is visible. */
  #confirmEncryption(answer: Answer): void {
    if (this.#encryptionConfirmed) return;
    const fault = encryptionFault(this.#store.options, answer);
    if (fault !== undefined) throw notEncrypted(this.#location, fault);
    this.#encryptionConfirmed = true;
    const { ServerSideEncryption, SSEKMSKeyId } = answer;
    this.#answer = { ...this.#answer, ServerSideEncryption, SSEKMSKeyId };
  }

  async #created(answer: Answer): Promise<void> {
    this.#answer = answer;
    this.#uploadId = answer.UploadId;
    this.#lostCreations += attemptsOf(answer) - 1;
    // Before the first byte is sent; MinIO confirms the encryption only with the first part.
    if (answer.ServerSideEncryption !== undefined) this.#confirmEncryption(answer);
    // Ignore a failure: leftover parts are found by `check` and removed by the lifecycle rule; the report itself is fine.
    if (this.#lostCreations > 0) await this.#clearLostUploads().catch(() => {});
    if (answer.UploadId === undefined) throw new Error('the store gave the upload no id');
    const upload = { token: this.#options.token, uploadId: answer.UploadId, fullKey: this.#key };
    await writeNote(this.#store, this.#stage, upload, this.#cancelParts.signal);
  }
}
