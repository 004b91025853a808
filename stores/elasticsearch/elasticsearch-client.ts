/**
 * What the stores use of a `Client` of `@elastic/elasticsearch` (8 or 9). A type of our own, so that the package need not be installed for the declarations to
 * compile, and any of its versions fits.
 */
export interface ElasticsearchClient {
  readonly transport: {
    /** Sends a request, and resolves with the body of its response. */
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

/** How the transport is to carry a request out. */
export interface ElasticsearchRequestOptions {
  signal?: AbortSignal;
  /** Milliseconds. */
  requestTimeout?: number;
  /** The body of the response as a stream, whatever its status. */
  asStream?: boolean;
  /** The response with its status and headers, not its body alone. */
  meta?: boolean;
}
