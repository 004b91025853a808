import { hasMethods, isObject } from '../../source/kernel/is-object.ts';
import { resetSocket, type ResettableSocket } from '../../source/kernel/reset-socket.ts';
import type { RedisClient } from './redis-client.ts';
import type { FenceMarks } from './redis-fence-marks.ts';
import { awaitSlots } from './redis-masters.ts';

/** What is used of an ioredis client to make another one like it. */
interface Duplicable extends RedisClient {
  duplicate(...args: readonly unknown[]): LineClient;
}

/** A client that was made here. */
interface LineClient extends RedisClient {
  readonly stream?: ResettableSocket | undefined;
  nodes?(role: 'all' | 'master'): LineClient[];
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  disconnect(): void;
}

interface Naming {
  /** ioredis has null where none is given. */
  readonly connectionName?: string | null | undefined;
  readonly retryStrategy?: ((times: number) => unknown) | undefined;
  readonly redisOptions?: Pick<Naming, 'connectionName'> | undefined;
}

/** Errors of its connections are seen by those who call. */
const quietly = () => undefined;

/**
 * Connections to Redis that only the writes of one run use: one, or one to each node of a cluster.
 * They have a name, by which the next owner finds and closes them.
 *
 * Nothing is ever sent again on its own, as ioredis does by default: a line ends with the first of
 * its connections that is lost, with all commands in flight on it. Before a command is sent on
 * another line, the claims are asked.
 */
export class RedisLine {
  readonly client: RedisClient;
  /** Of all its connections. */
  readonly name: string;
  readonly marks: FenceMarks;
  readonly #client: LineClient;
  #isReady = false;
  #isOver = false;

  /**
   * @param line.name of the connections; one that the user's client has comes before it
   */
  constructor(model: RedisClient, { name, marks }: { readonly name: string; readonly marks: FenceMarks }) {
    if (!canBeDuplicated(model)) throw new TypeError('the client has no method duplicate');
    // What is not in the type of the client is of ioredis's options.
    const options = model.options as RedisClient['options'] & Naming;
    const connectionName = nameAfter(options.redisOptions?.connectionName ?? options.connectionName, name);
    // ioredis queues what is sent before it is connected, which is for CLIENT SETNAME only.
    const common = { enableOfflineQueue: true, enableAutoPipelining: false };
    this.#client =
      model.slots === undefined
        ? model.duplicate({
            ...common,
            connectionName,
            autoResendUnfulfilledCommands: false,
            retryStrategy: (times: number) => (this.#isReady ? null : options.retryStrategy?.(times)),
          })
        : model.duplicate([], { ...common, redisOptions: { connectionName }, retryDelayOnFailover: 0 });
    this.client = this.#client;
    this.name = connectionName;
    this.marks = marks;
    this.#client.on('error', quietly);
    this.#client.on('end', () => {
      this.#isOver = true;
    });
    this.#endWithNodes();
  }

  /** Whether one of its connections was lost, or it was given up: nothing can be sent any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Connects and has the name acked, by all masters that can be reached: until then nothing may be
   * written, since nobody would find the connection.
   *
   * @returns the error of a server that refuses it
   * @throws what keeps it from connecting
   */
  async open(): Promise<Error | undefined> {
    let refused: Error | undefined;
    const setName = async (node: RedisClient) => {
      try {
        await node.call('client', ['SETNAME', this.name]);
      } catch (error) {
        if (!isReply(error)) throw error;
        refused = error;
      }
    };
    if (this.#client.slots === undefined) await setName(this.#client);
    else {
      await awaitSlots(this.#client);
      const outcomes = await Promise.allSettled((this.#client.nodes?.('master') ?? []).map(setName));
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
      if (failed.length === outcomes.length && failed[0] !== undefined) throw failed[0].reason;
    }
    this.#isReady = true;
    return refused;
  }

  /** Closes its connections with a reset: what was not sent yet never will be. */
  giveUp(): void {
    if (this.#isOver) return;
    for (const { stream } of this.#client.nodes?.('all') ?? [this.#client]) {
      if (stream !== undefined) resetSocket(stream);
    }
    this.end();
  }

  /** Closes its connections. Commands in flight are rejected. Idempotent. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client.disconnect();
  }

  /** A cluster's client reconnects to a node that is lost, and by this to those who closed it. */
  #endWithNodes(): void {
    const inUse = new Set<unknown>();
    this.#client.on('+node', (node) => {
      (node as LineClient).on('ready', () => inUse.add(node));
    });
    this.#client.on('-node', (node) => {
      if (inUse.has(node)) this.end();
    });
  }
}

/** Whether connections can be made that are like those of this client. */
export function canBeDuplicated(client: RedisClient): client is Duplicable {
  return isObject(client) && hasMethods(client, ['duplicate', 'on', 'disconnect']);
}

/** Whether it is an answer of the server, and not a connection that was lost. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

function nameAfter(given: string | null | undefined, name: string): string {
  return given === undefined || given === null || given === '' ? name : `${given}+${name}`;
}
