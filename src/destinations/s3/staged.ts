// An upload on its way: parts go up while rows come in, and only publish() lets it become an object.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Published, Staged, StageOptions } from '../../table.js';
import { HandedBody } from './body.js';
import { capacityOf, tooLarge } from './capacity.js';
import { conditionOf, type Refusals, refusalOf } from './conditions.js';
import { attemptsOf, explain, isAmbiguous, withLeft } from './failures.js';
import { removeNote, writeNote } from './notes.js';
import { type Committed, confirm, resolve } from './outcome.js';
import { CONFIRMED_WITHIN } from './removing.js';
import {
  encryptionFault,
  encryptionInput,
  notEncrypted,
  STAGE_METADATA,
  type Store,
  TOKEN_METADATA,
} from './store.js';
import { abortLostUploads, abortUpload } from './uploads.js';

/** Parts in flight. */
const QUEUE_SIZE = 2;

/** What we read of any answer. */
interface Answer extends Committed {
  readonly UploadId?: string;
}

interface StagedObjectOptions extends StageOptions, Refusals {
  readonly token: string;
  readonly signal: AbortSignal;
}

/** Begins an upload. Nothing is sent before there is more than one part of bytes, or `publish()`. */
export async function stageObject(store: Store, key: string, options: StagedObjectOptions): Promise<Staged> {
  const { Upload } = await import('@aws-sdk/lib-storage');
  return new StagedObject(store, key, options, Upload);
}

class StagedObject implements Staged {
  readonly #store: Store;
  readonly #key: string;
  readonly #location: string;
  readonly #options: StagedObjectOptions;
  readonly #stage = randomUUID();
  readonly #body = new HandedBody();
  readonly #cancelParts = new AbortController();
  readonly #signal: AbortSignal;
  /** Settles when the uploader has stopped; never rejects, because what failed is in #failure. */
  readonly #stopped: Promise<void>;
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;
  /** The request that makes the object visible is on its way: from now on only looking tells whether it is. */
  #committing = false;
  /** What the store answered to creating an upload and to committing. */
  #answer: Answer = {};
  #parts: number | undefined;
  #uploadId: string | undefined;
  #encryptionConfirmed = false;
  #lostCreations = 0;
  #creatingSince = 0;

  constructor(
    store: Store,
    key: string,
    options: StagedObjectOptions,
    Upload: typeof import('@aws-sdk/lib-storage').Upload,
  ) {
    this.#store = store;
    this.#key = key;
    this.#location = `s3://${store.bucket}/${key}`;
    this.#options = options;
    this.#signal = options.signal;
    const upload = new Upload({
      client: this.#watchedClient(),
      params: {
        Bucket: store.bucket,
        Key: key,
        Body: Readable.from(this.#body, { highWaterMark: 1 }),
        ContentType: options.contentType,
        ...(options.contentEncoding !== undefined && { ContentEncoding: options.contentEncoding }),
        Metadata: { [TOKEN_METADATA]: options.token, [STAGE_METADATA]: this.#stage },
        ...encryptionInput(store.options),
        ...conditionOf(options.existing),
      },
      queueSize: QUEUE_SIZE,
      partSize: store.options.partSize,
      leavePartsOnError: false,
    });
    this.#stopped = upload.done().then(
      () => {},
      (error) => this.#fail(error),
    );
    options.signal.addEventListener('abort', this.#cancelled);
    if (options.signal.aborted) this.#cancelled();
  }

  async write(chunk: Buffer): Promise<void> {
    const { options } = this.#store;
    if (this.#bytes + chunk.length > capacityOf(options)) this.#fail(tooLarge(this.#location, options));
    try {
      await this.#body.put(chunk);
      this.#bytes += chunk.length;
    } catch (error) {
      throw this.#explained(this.#failure?.error ?? error);
    }
  }

  async publish(): Promise<Published> {
    this.#body.end();
    await this.#stopped;
    this.#signal.removeEventListener('abort', this.#cancelled);
    const sent = {
      key: this.#key,
      location: this.#location,
      stage: this.#stage,
      bytes: this.#bytes,
      parts: this.#parts,
    };
    if (!this.#failure) {
      try {
        return await confirm(this.#store, sent, this.#answer);
      } finally {
        await this.#removeNote();
      }
    }
    const { error } = this.#failure;
    // Once the upload is gone a commit that is still under way can no longer succeed behind our back.
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
    const refusal = refusalOf(error, this.#options, this.#location);
    if (left === undefined && refusal) throw refusal;
    throw withLeft(this.#explained(error), left);
  }

  async discard(): Promise<void> {
    this.#fail(new Error('the report was discarded'));
    await this.#stopped;
    this.#signal.removeEventListener('abort', this.#cancelled);
    await this.#clearUploads();
  }

  /** Makes sure that no unfinished upload of ours is left. */
  async #clearUploads(): Promise<void> {
    if (this.#uploadId !== undefined) await abortUpload(this.#store, this.#key, this.#uploadId);
    // Only then: without its note nobody would find an upload that could not be aborted.
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

  /** Stops the upload at once: the body throws, and parts on their way are dropped. The first failure counts. */
  #fail(error: unknown): void {
    if (this.#committing && error === this.#signal.reason) return;
    this.#failure ??= { error };
    this.#body.fail(this.#failure.error);
    this.#cancelParts.abort();
  }

  #explained(error: unknown): unknown {
    return this.#signal.aborted && error === this.#signal.reason
      ? error
      : explain(`write ${this.#location}`, error);
  }

  /**
   * The client as the uploader sees it. The uploader notices a failed part only when the other half of its queue
   * gets a next one, and keeps upload ids and answers to itself; so we watch what it sends.
   */
  #watchedClient(): S3Client {
    const { client } = this.#store;
    const send = (command: Parameters<S3Client['send']>[0]) => this.#send(command);
    return Object.assign(Object.create(client) as S3Client, { send });
  }

  async #send(command: Parameters<S3Client['send']>[0]): Promise<unknown> {
    const { sdk, client } = this.#store;
    const creates = command instanceof sdk.CreateMultipartUploadCommand;
    const commits =
      command instanceof sdk.PutObjectCommand || command instanceof sdk.CompleteMultipartUploadCommand;
    const aborts = command instanceof sdk.AbortMultipartUploadCommand;
    if (this.#failure && !aborts) throw this.#failure.error;
    if (creates) this.#creatingSince = Date.now();
    if (commits) this.#committing = true;
    if (command instanceof sdk.CompleteMultipartUploadCommand) {
      this.#parts = command.input.MultipartUpload?.Parts?.length;
    }
    // A commit is never cut off, because that would leave its outcome open.
    const abortSignal = aborts ? AbortSignal.timeout(CONFIRMED_WITHIN) : this.#cancelParts.signal;
    try {
      const answer = (await client.send(command, commits ? {} : { abortSignal })) as Answer;
      if (creates) await this.#created(answer);
      else if (command instanceof sdk.UploadPartCommand) this.#confirmEncryption(answer);
      if (commits)
        this.#answer = {
          ...answer,
          ServerSideEncryption: answer.ServerSideEncryption ?? this.#answer.ServerSideEncryption,
        };
      return answer;
    } catch (error) {
      if (creates && this.#uploadId === undefined && isAmbiguous(error)) {
        this.#lostCreations += attemptsOf(error);
      }
      if (!aborts) this.#fail(error);
      throw error;
    }
  }

  /** The upload is held to the encryption asked for long before anything is visible. */
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
    // Before the first byte leaves; a store that says nothing yet (MinIO) has to say it of the first part.
    if (answer.ServerSideEncryption !== undefined) this.#confirmEncryption(answer);
    // Failing here would throw a good report away for parts that `check` finds and a lifecycle rule removes.
    if (this.#lostCreations > 0) await this.#clearLostUploads().catch(() => {});
    if (answer.UploadId === undefined) throw new Error('the store gave the upload no id');
    const upload = { token: this.#options.token, uploadId: answer.UploadId, fullKey: this.#key };
    await writeNote(this.#store, this.#stage, upload, this.#cancelParts.signal);
  }
}
