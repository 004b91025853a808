import type { Socket } from 'node:net';
import { ErrorCodes } from '../kafka/wire/error-codes.ts';
import { WireReader } from '../kafka/wire/wire-reader.ts';
import type { Logger } from '../kernel/logger.ts';
import { stackOf } from '../kernel/thrown-text.ts';
import type { Api, DecodedRequest, Outcome, RequestContext } from './api.ts';
import { API_VERSIONS_KEY, unsupportedApiVersions } from './api/18-api-versions.ts';
import type { ClusterState } from './cluster-state.ts';
import type { FaultPlan } from './faults/fault-plan.ts';
import type { FetchSessions } from './fetch-sessions.ts';
import type { ApiName } from './request-summary.ts';
import { loopTime } from './loop-time.ts';
import type { EndRequest } from './journal.ts';
import { LENGTH_BYTES, RequestFrames } from './request-frames.ts';
import { ResponseWriter } from './response-writer.ts';

/** A broker's `socket.request.max.bytes`. */
const MAX_REQUEST_BYTES = 104_857_600;
/** Of requests other than Produce, whose length is not mostly records. A broker has no such limit. */
const MAX_OTHER_REQUEST_BYTES = 8_388_608;
const PRODUCE_KEY = 0;
/** API key, version and correlation id. */
const HEADER_BYTES = 8;
/** Beyond this the socket is no longer read while a request is in service. */
const MAX_WAITING_BYTES = 65_536;

/** What a connection is part of. */
export interface ConnectionOptions {
  readonly cluster: ClusterState;
  readonly nodeId: number;
  readonly apis: ReadonlyMap<number, Api>;
  /** Those of the node. */
  readonly fetchSessions: FetchSessions;
}

interface RequestHeader {
  readonly apiKey: number;
  readonly version: number;
  readonly correlationId: number;
}

/** What a request is, and whose. */
interface RequestOrigin {
  readonly api: ApiName;
  readonly version: number;
  readonly clientId: string;
}

/** A request with its answer, and what the faults want done with them. */
interface ServedRequest {
  readonly header: RequestHeader;
  readonly flexible: boolean;
  readonly plan: FaultPlan;
  readonly out: ResponseWriter;
  /** Where there is a journal. */
  readonly end: EndRequest | undefined;
}

/**
 * One client connection. As on a real broker one request is in service at a time, and all else that
 * the client sends waits for its answer: a fetch that waits for records holds up all later requests
 * of its connection.
 *
 * The socket is still read meanwhile, up to a bound, so that the end of the connection is noticed
 * immediately.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #cluster: ClusterState;
  readonly #nodeId: number;
  readonly #apis: ReadonlyMap<number, Api>;
  readonly #fetchSessions: FetchSessions;
  readonly #logger: Logger;
  /** Of the client. */
  readonly #address: string;
  readonly #closed = new AbortController();
  readonly #frames = new RequestFrames();
  #serving = false;
  /** Of the requestMemory, for the next request or the one in service. */
  #reserved: number | undefined;
  /** From here, not by the client. */
  #cut = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#cluster = options.cluster;
    this.#nodeId = options.nodeId;
    this.#apis = options.apis;
    this.#fetchSessions = options.fetchSessions;
    this.#address = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? '?'}`;
    this.#logger = options.cluster.logger.child({ node: options.nodeId, client: this.#address });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    socket.on('error', (error) => {
      this.#logger.debug('A client connection broke', { error: error.message });
    });
    this.#logger.debug('A client has connected');
    socket.on('close', () => {
      if (!this.#cut) this.#logger.debug('A client has disconnected');
      this.#closed.abort();
      this.#release();
    });
  }

  /** Closes the connection immediately; requests in service are not answered. */
  destroy(): void {
    this.#cut = true;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#frames.push(chunk);
    if (!this.#serving) this.#serveWaiting();
    else if (this.#frames.waitingBytes > MAX_WAITING_BYTES) this.#socket.pause();
  }

  #serveWaiting(): void {
    this.#serveAll()
      .catch((error: unknown) => {
        this.#logger.error('A request could not be served; its connection is closed', {
          error: stackOf(error),
        });
        this.destroy();
      })
      .finally(() => {
        this.#serving = false;
        if (this.#socket.isPaused()) this.#socket.resume();
      });
  }

  async #serveAll(): Promise<void> {
    this.#serving = true;
    for (;;) {
      const frame = this.#nextFrame();
      if (frame === undefined) return;
      await this.#cluster.faults.thawed(this.#nodeId);
      if (this.#socket.destroyed) return;
      await this.#serve(frame);
      this.#release();
      if (this.#socket.isPaused()) this.#socket.resume();
      // Many requests at once must not hold up other connections.
      if (loopTime.isUsedUp) await loopTime.next();
    }
  }

  #nextFrame(): Buffer | undefined {
    const bytes = this.#frames.nextBytes;
    if (bytes === undefined) return undefined;
    const key = this.#frames.nextApiKey;
    const most = (key ?? PRODUCE_KEY) === PRODUCE_KEY ? MAX_REQUEST_BYTES : MAX_OTHER_REQUEST_BYTES;
    if (bytes < LENGTH_BYTES + HEADER_BYTES || bytes > LENGTH_BYTES + most) {
      this.#logger.warn('A request of an impossible size closes the connection', { bytes });
      this.destroy();
      return undefined;
    }
    return key !== undefined && this.#reserve(bytes) ? this.#frames.take() : undefined;
  }

  #reserve(bytes: number): boolean {
    this.#reserved ??= this.#cluster.requestMemory.take(bytes);
    if (this.#reserved !== undefined) return true;
    this.#logger.warn('A long request closes the connection: the requests of all clients take too much', {
      bytes,
    });
    this.destroy();
    return false;
  }

  #release(): void {
    this.#cluster.requestMemory.give(this.#reserved ?? 0);
    this.#reserved = undefined;
  }

  async #serve(frame: Buffer): Promise<void> {
    const reader = new WireReader(frame);
    const header = { apiKey: reader.int16(), version: reader.int16(), correlationId: reader.int32() };
    const api = this.#apis.get(header.apiKey);
    if (api === undefined || header.version < api.min || header.version > api.max) {
      await this.#refuse(header, api);
      return;
    }
    const flexible = api.isFlexible(header.version);
    const clientId = reader.nullableString() ?? '';
    if (flexible) reader.skipTags();
    const request = api.decode(reader, header.version);
    this.#cluster.countRequest(api.name, header.version);
    if (loopTime.isUsedUp) await loopTime.next();
    const plan = this.#cluster.faults.plan(api.name, this.#nodeId, request.summary);
    const origin = { api: api.name, version: header.version, clientId };
    const end = this.#cluster.journal?.began(
      { ...origin, node: this.#nodeId, client: this.#address },
      request.summary,
      plan.met,
    );
    const context = this.#context(origin, plan);
    if (plan.late !== undefined) {
      plan.late(() => this.#serveLate(request, context));
      this.destroy();
      end?.('cut');
      return;
    }
    if (plan.delayMs > 0) await this.#delay(plan.delayMs);
    if (plan.drop === 'before') {
      this.destroy();
      end?.('cut');
      return;
    }
    const outcome = await request.serve(context);
    if (plan.delayAnswerMs > 0) await this.#delay(plan.delayAnswerMs);
    await this.#conclude(outcome, { header, flexible, plan, out: context.out, end });
  }

  /** The client is gone, and the request takes effect all the same. */
  async #serveLate(request: DecodedRequest, context: RequestContext): Promise<void> {
    try {
      await request.serve(context);
    } catch (error) {
      this.#logger.error('A late request could not be served', { error: stackOf(error) });
    }
  }

  async #conclude(outcome: Outcome, { header, flexible, plan, out, end }: ServedRequest): Promise<void> {
    await this.#cluster.faults.thawed(this.#nodeId);
    if (outcome === 'close' || plan.drop === 'after') {
      end?.('cut');
      this.destroy();
    } else if (outcome === 'answer') {
      // Records are only views; the rest is memory of its own until the client has read it.
      const taken = this.#cluster.requestMemory.take(out.fields.length);
      if (taken === undefined) {
        this.#logger.warn('A long answer closes the connection: the answers of all clients take too much', {
          bytes: out.length,
        });
        this.destroy();
        end?.('cut');
        return;
      }
      const pieces = framed(header.correlationId, flexible && header.apiKey !== API_VERSIONS_KEY, out);
      await this.#send(plan.drop === 'mid-response' ? firstHalf(pieces) : pieces);
      this.#cluster.requestMemory.give(taken);
      if (plan.drop === 'mid-response') this.#socket.destroySoon();
      end?.(plan.drop === 'mid-response' ? 'cut' : 'answered');
    } else end?.('no answer');
  }

  /**
   * Resolves early if the connection closes: nobody waits for the answer then, but the request
   * still takes effect.
   */
  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#closed;
      const end = () => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#cluster.clock.after(ms, end);
      signal.addEventListener('abort', end);
    });
  }

  #context({ api, version, clientId }: RequestOrigin, plan: FaultPlan): RequestContext {
    return {
      cluster: this.#cluster,
      nodeId: this.#nodeId,
      fetchSessions: this.#fetchSessions,
      version,
      clientId,
      clientHost: `/${this.#socket.remoteAddress ?? ''}`,
      closed: this.#closed.signal,
      out: new ResponseWriter(),
      forgets: plan.forget,
      forcedError: (topic, partition) => plan.errorFor(topic, partition),
      logger: this.#logger,
      refused: (code, about) => {
        if (code === ErrorCodes.NONE) return;
        this.#cluster.requestLog.refused(code, about, { node: this.#nodeId, api, clientId });
      },
    };
  }

  /**
   * A version that is not served closes the connection, as on a real broker; only ApiVersions is
   * answered, so that a newer client can step back.
   */
  async #refuse(header: RequestHeader, api: Api | undefined): Promise<void> {
    if (header.apiKey === API_VERSIONS_KEY) {
      const out = new ResponseWriter();
      unsupportedApiVersions(out);
      await this.#send(framed(header.correlationId, false, out));
      return;
    }
    this.#logger.warn('A request that is not served closes the connection', {
      api: api?.name ?? `key ${header.apiKey}`,
      version: header.version,
      served: api === undefined ? 'no version' : `${api.min} to ${api.max}`,
    });
    this.destroy();
  }

  /** Hands the pieces to the socket in one write, and waits where the client does not read. */
  async #send(pieces: readonly Buffer[]): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.cork();
    for (const piece of pieces) socket.write(piece);
    socket.uncork();
    if (!socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        socket.off('drain', go);
        socket.off('close', go);
        resolve();
      };
      socket.on('drain', go);
      socket.on('close', go);
    });
  }
}

/** Length, correlation id, the empty tagged fields of a flexible header, and the body. */
function framed(correlationId: number, tagged: boolean, body: ResponseWriter): Buffer[] {
  const headerBytes = tagged ? 5 : 4;
  const head = Buffer.alloc(LENGTH_BYTES + headerBytes);
  head.writeInt32BE(headerBytes + body.length, 0);
  head.writeInt32BE(correlationId, LENGTH_BYTES);
  return [head, ...body.pieces()];
}

function firstHalf(pieces: readonly Buffer[]): Buffer[] {
  const all = Buffer.concat(pieces);
  return [all.subarray(0, Math.ceil(all.length / 2))];
}
