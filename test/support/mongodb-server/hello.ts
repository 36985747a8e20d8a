// How a connection begins: what the server is, and who comes in.
import { ServerError } from './errors.js';
import type { Conversations } from './login.js';
import { type Answer, type Call, option, plainAnswer, type State } from './state.js';
import { fieldOf, TYPE, toJavaScript } from './values.js';

export function hello(call: Call, { conversations }: State): Answer {
  const legacy = call.name === 'hello' ? {} : { ismaster: true };
  return plainAnswer({
    helloOk: true,
    isWritablePrimary: true,
    ...legacy,
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: call.session.connectionId,
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
    ...(conversations && option(call, 'saslSupportedMechs') !== undefined
      ? { saslSupportedMechs: ['SCRAM-SHA-256'] }
      : {}),
    ...speculative(call, conversations),
  });
}

/** The first step of a login that comes along with the hello; left out of the answer when it fails. */
function speculative(call: Call, conversations: Conversations | undefined): object {
  const wish = fieldOf(call.body, 'speculativeAuthenticate');
  if (conversations === undefined || wish?.type !== TYPE.object) return {};
  const conversation = conversations();
  const { mechanism, db } = toJavaScript(wish) as { mechanism: unknown; db: unknown };
  try {
    const payload = conversation.start(mechanism, db, payloadOf(wish.bytes));
    call.session.conversation = conversation;
    return { speculativeAuthenticate: { conversationId: 1, done: false, payload: Buffer.from(payload) } };
  } catch (error) {
    if (error instanceof ServerError) return {};
    throw error;
  }
}

function payloadOf(body: Uint8Array): string {
  // After the length and the subtype.
  return fieldOf(body, 'payload')?.bytes.toString('utf8', 5) ?? '';
}

export function saslStart(call: Call, { conversations }: State): Answer {
  if (conversations === undefined) throw new ServerError(18, 'Authentication failed.');
  const conversation = conversations();
  call.session.conversation = conversation;
  const payload = conversation.start(option(call, 'mechanism'), option(call, '$db'), payloadOf(call.body));
  return plainAnswer({ conversationId: 1, done: false, payload: Buffer.from(payload) });
}

export function saslContinue(call: Call): Answer {
  const { session } = call;
  const payload = session.conversation?.finish(payloadOf(call.body));
  if (payload === undefined) throw new ServerError(17, 'No SASL session state found');
  session.authenticated = true;
  return plainAnswer({ conversationId: 1, done: true, payload: Buffer.from(payload) });
}
