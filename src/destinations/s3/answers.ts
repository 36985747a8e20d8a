// Bounds what the SDK reads of an answer as a whole: listings and errors. Objects are streamed.
import { pipeline, Readable, Transform } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';

/** Bytes. A listing of 1,000 keys of 1,024 bytes, each byte escaped, has 8 MiB. */
const MAX_ANSWER_BYTES = 16 * 1024 ** 2;

interface Answer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

/** Makes every request fail whose answer is longer, before more of it is in memory. */
export function boundAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        const answer = result.response as Answer;
        const isObject = commandName === 'GetObjectCommand' && answer.statusCode < 300;
        if (!isObject && answer.body instanceof Readable) answer.body = bounded(answer.body);
        return result;
      },
    // Inside of what parses the answer.
    { step: 'deserialize', priority: 'low', name: 'boundAnswers' },
  );
}

function bounded(body: Readable): Readable {
  let bytes = 0;
  const limited = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes <= MAX_ANSWER_BYTES) done(null, chunk);
      else done(new Error(`the answer of the store has more than ${MAX_ANSWER_BYTES / 1024 ** 2} MiB`));
    },
  });
  // Whoever reads the end of it gets the error.
  return pipeline(body, limited, () => undefined);
}
