// Why a profile of AWS gives no credentials. The SDK tries other ways after it, and its error then says only that none was found.
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

/** What the SDK logs before a provider's reason, and of each provider that the chain asks. */
const REASON = /^@smithy\/property-provider (?:->|\(!\)) (.*)/s;
const PROVIDER = /defaultProvider::(\w+)$/;

/** Listens to the log of one client. */
export class ProfileReasons {
  #provider = '';
  #reason: string | undefined;

  readonly logger: NonNullable<S3ClientConfig['logger']> = {
    debug: (text: unknown) => this.#hear(String(text)),
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };

  /** Puts the profile's own reason into the error about missing credentials. */
  addTo(client: S3Client): void {
    client.middlewareStack.add(
      (next) => async (args) => {
        try {
          return await next(args);
        } catch (error) {
          if (
            error instanceof Error &&
            error.name === 'CredentialsProviderError' &&
            this.#reason !== undefined
          )
            error.message = this.#reason;
          throw error;
        }
      },
      { step: 'initialize', name: 'reasonOfProfile' },
    );
  }

  #hear(text: string): void {
    this.#provider = PROVIDER.exec(text)?.[1] ?? this.#provider;
    const reason = REASON.exec(text)?.[1];
    if (reason !== undefined && this.#provider === 'fromIni') this.#reason = reason.trim();
  }
}
