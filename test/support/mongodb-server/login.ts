// SCRAM-SHA-256 as the server speaks it (RFC 5802 and 7677), for one user.
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { ServerError } from './errors.js';

export interface Login {
  readonly user: string;
  /** ASCII: no SASLprep is done to it. */
  readonly password: string;
  /** The database that the user lives in; `admin` unless told. */
  readonly authSource?: string;
}

/** The least that the driver accepts. */
const ITERATIONS = 4096;

/** One connection's conversation. */
export interface Conversation {
  /** The answer to saslStart. @throws ServerError */
  start(mechanism: unknown, source: unknown, payload: string): string;
  /** The answer to saslContinue, after which the connection is logged in. @throws ServerError 18 */
  finish(payload: string): string;
}

export type Conversations = () => Conversation;

export function conversations({ user, password, authSource = 'admin' }: Login): Conversations {
  const salt = randomBytes(28);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const serverKey = hmac(salted, 'Server Key');
  const storedKey = createHash('sha256').update(clientKey).digest();

  return () => {
    let first = '';
    let challenge = '';
    return {
      start(mechanism, source, payload) {
        if (mechanism !== 'SCRAM-SHA-256')
          throw new ServerError(
            334,
            `Received authentication for mechanism ${String(mechanism)} which is not enabled`,
          );
        first = payload.replace(/^n,,/, '');
        const name = /^n=([^,]*),/.exec(first)?.[1]?.replaceAll('=2C', ',').replaceAll('=3D', '=');
        if (name !== user || source !== authSource) throw refused();
        challenge = `r=${partOf(first, 'r')}${randomBytes(18).toString('base64')},s=${salt.toString('base64')},i=${ITERATIONS}`;
        return challenge;
      },
      finish(payload) {
        const withoutProof = payload.replace(/,p=[^,]*$/, '');
        const message = `${first},${challenge},${withoutProof}`;
        const proof = Buffer.from(partOf(payload, 'p'), 'base64');
        const expected = xor(clientKey, hmac(storedKey, message));
        const rightNonce = challenge !== '' && partOf(payload, 'r') === partOf(challenge, 'r');
        if (!rightNonce || proof.length !== expected.length || !timingSafeEqual(proof, expected))
          throw refused();
        return `v=${hmac(serverKey, message).toString('base64')}`;
      },
    };
  };
}

function refused(): ServerError {
  return new ServerError(18, 'Authentication failed.');
}

function partOf(message: string, letter: string): string {
  return new RegExp(`(?:^|,)${letter}=([^,]*)`).exec(message)?.[1] ?? '';
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
}
