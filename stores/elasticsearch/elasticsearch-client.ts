/**
 * What the stores use of a `Client` of `@elastic/elasticsearch` (8 or 9). It is a type of our own,
 * so that the declarations compile without that package, and any of its versions fits.
 */
export interface ElasticsearchClient {
  readonly transport: {
    /** Sends a request, and resolves with its response: with `meta: true` as status, headers and body. */
    request(params: ElasticsearchRequest, options?: ElasticsearchRequestOptions): Promise<unknown>;
  };
}

/** A request as the client's transport takes it. */
export interface ElasticsearchRequest {
  method: string;
  path: string;
  querystring?: Record<string, string>;
  body?: Record<string, unknown>;
  bulkBody?: Buffer;
}

/** How the transport carries out a request. */
export interface ElasticsearchRequestOptions {
  signal?: AbortSignal;
  /** Milliseconds. */
  requestTimeout?: number;
  /** Gives the body of the response as a stream, whatever its status. */
  asStream?: boolean;
  /** Gives the response with its status and headers, not only its body. */
  meta?: boolean;
}
