// A bucket of our S3 server, for the contract suite.
import { openDestination, openStore } from '../../../src/destinations/index.js';
import { startS3Server } from '../s3-server.js';
import { optionsOf, type Place } from './sibling.js';

/** @param part bytes of a part */
export const bucketOf = (part: number) => async (): Promise<Place> => {
  const server = await startS3Server({
    bucket: 'reports',
    equalParts: true,
    minimumPartSize: part,
    pageSize: 3,
  });
  Object.assign(process.env, server.environment, {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  const optionsHere = (signal?: AbortSignal) => {
    const options = optionsOf(signal, part);
    return { ...options, s3: { ...options.s3, endpoint: server.url } };
  };
  return {
    open: (signal) => openDestination('s3://reports/some/prefix', optionsHere(signal)),
    openStore: (below, isFileName) =>
      openStore(`s3://reports/some/prefix/${below}`, { ...optionsHere(), isFileName }),
    everything: async () => [
      ...server.keys(),
      ...server.uploads().map(({ uploadId }) => `upload ${uploadId}`),
    ],
    content: async (key) => server.get(`some/prefix/${key}`)?.body ?? Buffer.from('nothing'),
    close: () => server.close(),
  };
};
