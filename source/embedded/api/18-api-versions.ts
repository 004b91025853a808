import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Api } from '../api.ts';
import type { ResponseWriter } from '../response-writer.ts';

export const API_VERSIONS_KEY = 18;
const MIN = 0;
const MAX = 2;

/**
 * Tells clients what the other APIs serve.
 *
 * @param served all APIs, this one too
 * @see https://kafka.apache.org/protocol#The_Messages_ApiVersions
 */
export function apiVersionsOf(served: () => Iterable<Api>): Api {
  return defineApi({
    key: API_VERSIONS_KEY,
    name: 'ApiVersions',
    min: MIN,
    max: MAX,
    read: () => ({}),
    handle(_, context) {
      const { out, version } = context;
      out.fields.int16(context.forcedError());
      out.fields.array([...served()], (writer, api) => {
        writer.int16(api.key).int16(api.advertisedMin).int16(api.max);
      });
      if (version >= 1) out.fields.int32(0);
      return 'answer';
    },
  });
}

/**
 * The answer to an ApiVersions request of a version that is not served, in the form of version 0:
 * the client asks again with one that is.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-511
 */
export function unsupportedApiVersions(out: ResponseWriter): void {
  out.fields.int16(ErrorCodes.UNSUPPORTED_VERSION);
  out.fields.array([API_VERSIONS_KEY], (writer, key) => {
    writer.int16(key).int16(MIN).int16(MAX);
  });
}
