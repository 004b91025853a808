import type { WireReader } from '../kafka/wire/wire-reader.ts';
import type { Logger } from '../kernel/logger.ts';
import type { ClusterState } from './cluster-state.ts';
import type { FetchSessions } from './fetch-sessions.ts';
import type { RefusedRequest } from './request-log.ts';
import type { ApiName, RequestSummary } from './request-summary.ts';
import type { ResponseWriter } from './response-writer.ts';

/** Where a request is served. */
export interface RequestContext {
  readonly cluster: ClusterState;
  readonly nodeId: number;
  readonly fetchSessions: FetchSessions;
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** Aborted when the connection is closed, so that nothing waits for a client that left. */
  readonly closed: AbortSignal;
  readonly out: ResponseWriter;
  /**
   * The error code that a fault hook wants for this topic-partition, or for the whole request where
   * nothing is named; 0 for none.
   */
  forcedError(topic?: string, partition?: number): number;
  /** A fault hook wants the request acked, and nothing of it stored. */
  readonly forgets: boolean;
  /** Names the node and the client on each line. Never a line for each request. */
  readonly logger: Logger;
  /** The log says that this was refused; 0 is not. */
  refused(code: number, about: RefusedRequest): void;
}

/**
 * What becomes of the request once it was served: answered, not answered (acks=0), or the
 * connection closed.
 */
export type Outcome = 'answer' | 'no-answer' | 'close';

/** How many topics, partitions, members and so on a request may list. A broker has no such limit. */
const MAX_ITEMS = 20_000;

/** How one API is read and served. */
interface ApiDefinition<R extends RequestSummary> {
  readonly key: number;
  readonly name: ApiName;
  readonly min: number;
  readonly max: number;
  /** From this version on the request has tagged fields. */
  readonly flexibleFrom?: number;
  /**
   * What ApiVersions shows instead of `min`: some clients take a minimum above 0 for a missing
   * feature.
   */
  readonly advertisedMin?: number;
  /** How many items all arrays of a request may have together. Default 20,000. */
  readonly maxItems?: number;
  readonly read: (reader: WireReader, version: number) => R;
  /** Writes the answer to `context.out`. The connection serves nothing else until it is done. */
  readonly handle: (request: R, context: RequestContext) => Outcome | Promise<Outcome>;
}

/** A request that was read and waits to be served. */
export interface DecodedRequest {
  readonly summary: RequestSummary;
  serve(context: RequestContext): Outcome | Promise<Outcome>;
}

/** One API key of Kafka's protocol, with the versions that are served. */
export interface Api {
  readonly key: number;
  readonly name: ApiName;
  readonly min: number;
  readonly max: number;
  readonly advertisedMin: number;
  isFlexible(version: number): boolean;
  decode(reader: WireReader, version: number): DecodedRequest;
}

/** Makes an {@link Api} of its parts; the type of the request stays between `read` and `handle`. */
export function defineApi<R extends RequestSummary>(definition: ApiDefinition<R>): Api {
  const { key, name, min, max, flexibleFrom = Infinity } = definition;
  return {
    key,
    name,
    min,
    max,
    advertisedMin: definition.advertisedMin ?? min,
    isFlexible: (version) => version >= flexibleFrom,
    decode(reader, version) {
      reader.itemsLeft = definition.maxItems ?? MAX_ITEMS;
      const request = definition.read(reader, version);
      return { summary: request, serve: (context) => definition.handle(request, context) };
    },
  };
}
