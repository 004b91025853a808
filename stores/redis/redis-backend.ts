import { asError } from '../../source/kernel/as-error.ts';
import type { Backend, KeyListing } from '../backend/backend.ts';
import type { FailureReason } from '../backend/item.ts';
import type { BackendCall } from '../backend/backend-call.ts';
import type { RedisClient, RedisCommand, RedisReply } from './redis-client.ts';
import {
  countOf,
  expiringWriteCommands,
  readCommands,
  redisKey,
  removeCommands,
  writeCommands,
  type KeyedCommand,
  type RedisItem,
  type RedisPlace,
} from './redis-commands.ts';
import { explainRedisError, isRedirection } from './redis-errors.ts';
import { evictionWarnings } from './redis-eviction.ts';
import { markedRemoveCommands, markedWriteCommands } from './redis-fence-marks.ts';
import { isOneCommand, readColumn, settleColumn, settleWritten, writeColumn } from './redis-columns.ts';
import { listRedisKeys } from './redis-keys.ts';
import { awaitSlots, connectedMasters } from './redis-masters.ts';
import { sendAll, sendColumn } from './redis-send.ts';
import { saveInBackground } from './redis-save.ts';
import { byNode, type OneSlot } from './redis-slots.ts';
import { writerOf, type RedisWriter } from './redis-writer.ts';
import type { StoreFence, StoreOwner } from '../store-owner.ts';

/** Redis's `proto-max-bulk-len`: https://redis.io/docs/latest/develop/data-types/strings/#limits */
const MOST_BYTES = 512 * 1024 * 1024;

export interface RedisBackendOptions {
  readonly client: RedisClient;
  readonly ttlMs: number | undefined;
  readonly replicas: number;
  readonly flush: 'none' | 'bgsave';
  readonly fence: 'connections' | 'script';
  readonly timeoutMs: number;
}

/** How the keys of a call are sent. */
interface Sending {
  readonly client: RedisClient;
  /** How many replicas must confirm it. */
  readonly replicas: number;
  readonly commandsOf: (items: OneSlot<RedisItem>) => readonly KeyedCommand[];
  /** Takes keys that another node serves; without it a redirection is a failure. */
  readonly onMoved?: (items: OneSlot<RedisItem>) => void;
}

/** Redis, or Redis Cluster: each call is one pipeline, or one to each node in parallel. */
export class RedisBackend implements Backend<RedisPlace> {
  readonly #options: RedisBackendOptions;
  readonly #writer: RedisWriter;

  constructor(options: RedisBackendOptions) {
    this.#options = options;
    this.#writer = writerOf(options.client);
  }

  problemOf(key: string, place: RedisPlace, value?: Buffer): string | undefined {
    // No UTF-16 unit has more than three bytes in UTF-8; counting the bytes takes longer.
    if (
      (place.length + key.length) * 3 > MOST_BYTES &&
      Buffer.byteLength(place) + Buffer.byteLength(key) > MOST_BYTES
    )
      return `a key of ${key.length} characters is longer than the 512 MB that Redis accepts.`;
    if (value !== undefined && value.length > MOST_BYTES)
      return `the value of key '${key}' has ${value.length} bytes, and Redis accepts at most 512 MB.`;
    return undefined;
  }

  async read(call: BackendCall<RedisPlace>): Promise<void> {
    await this.#writer.fenced();
    const { client } = this.#options;
    if (isOneCommand(client, call)) {
      settleColumn(call, await sendColumn(client, readColumn(call)));
      return;
    }
    await this.#sendByNode(call, { client, replicas: 0, commandsOf: (items) => readCommands(call, items) });
  }

  /**
   * MSET, which is atomic; with a time to live, SET … PX between MULTI and EXEC, and without these
   * on a cluster.
   */
  write(whole: BackendCall<RedisPlace>): Promise<void> {
    const { ttlMs, replicas, fence } = this.#options;
    return this.#writer.write(whole, this, async (client, call, marks) => {
      if (fence === 'script' && marks !== undefined) {
        const commandsOf = (items: OneSlot<RedisItem>) => markedWriteCommands(call, items, { marks, ttlMs });
        await this.#sendByNode(call, { client, replicas, commandsOf });
      } else if (ttlMs === undefined && replicas === 0 && isOneCommand(client, call)) {
        settleWritten(call, await sendColumn(client, writeColumn(call)));
      } else if (ttlMs === undefined) {
        const commandsOf = (items: OneSlot<RedisItem>) => writeCommands(call, items);
        await this.#sendByNode(call, { client, replicas, commandsOf });
      } else if (client.slots === undefined) await this.#writeInTransaction(client, call, ttlMs);
      else {
        const commandsOf = (items: OneSlot<RedisItem>) => expiringWriteCommands(call, items, ttlMs);
        await this.#sendByNode(call, { client, replicas, commandsOf });
      }
    });
  }

  remove(whole: BackendCall<RedisPlace>): Promise<void> {
    const { replicas, fence } = this.#options;
    return this.#writer.write(whole, this, (client, call, marks) => {
      const commandsOf = (items: OneSlot<RedisItem>) =>
        fence === 'script' && marks !== undefined
          ? markedRemoveCommands(call, items, marks)
          : removeCommands(call, items);
      return this.#sendByNode(call, { client, replicas, commandsOf });
    });
  }

  fence(owner: StoreOwner): StoreFence {
    return this.#writer.fence(owner, { store: this, by: this.#options.fence });
  }

  async flush(_places: readonly RedisPlace[], signal: AbortSignal): Promise<void> {
    const { client, flush } = this.#options;
    if (flush === 'none') return;
    const masters = await connectedMasters(client);
    await Promise.all(masters.map((node) => saveInBackground(node, signal)));
  }

  async listKeys(place: RedisPlace, { prefix, request, onKeys }: KeyListing): Promise<void> {
    await request(() => this.#writer.fenced());
    await listRedisKeys(this.#options.client, {
      prefix: place + prefix,
      request,
      onKeys: (found) => {
        onKeys(found.map((key) => key.slice(place.length)));
      },
    });
  }

  warnings(): Promise<readonly string[]> {
    const { client, ttlMs } = this.#options;
    return evictionWarnings(client, { expires: ttlMs !== undefined });
  }

  explain(error: unknown): FailureReason {
    return explainRedisError(error, this.#options.client);
  }

  async #sendByNode(call: BackendCall<RedisPlace>, sending: Omit<Sending, 'onMoved'>): Promise<void> {
    const { client } = sending;
    // Before the first connection, the client does not know which node serves what. A command
    // without keys waits for that.
    if (client.slots?.length === 0) await awaitSlots(client);
    const moved: OneSlot<RedisItem>[] = [];
    await Promise.all(
      byNode(client, call.items, redisKey).map((slots) =>
        this.#send(call, slots, { ...sending, onMoved: (same) => moved.push(same) }),
      ),
    );
    if (moved.length > 0 && !call.end.isReached) await this.#sendRedirected(call, moved, sending);
  }

  /**
   * The client follows the redirection of a single command, always. That of a pipeline it does not
   * follow where another command of it was done, and WAIT always is.
   */
  async #sendRedirected(
    call: BackendCall<RedisPlace>,
    slots: readonly OneSlot<RedisItem>[],
    { client, replicas, commandsOf }: Omit<Sending, 'onMoved'>,
  ): Promise<void> {
    const commands = slots.flatMap((items) => commandsOf(items));
    await Promise.all(
      commands.map(async ({ command, onReply }) => {
        const [reply] = await sendAll(client, [command]);
        if (reply !== undefined) onReply(reply);
      }),
    );
    if (replicas > 0) this.#settleReplicas(call, slots.flat(), await this.#waitEverywhere(client));
  }

  /** WAIT is about the writes of one connection, and only the client knows where it went. */
  async #waitEverywhere(client: RedisClient): Promise<RedisReply> {
    try {
      const masters = await connectedMasters(client);
      const replies = (await Promise.all(masters.map((master) => sendAll(master, [this.#wait()])))).flat();
      const failed = replies.find(([error]) => error !== null);
      return failed ?? [null, Math.min(...replies.map(([, acked]) => countOf(acked) ?? 0))];
    } catch (error) {
      return [asError(error), 0];
    }
  }

  async #send(
    call: BackendCall<RedisPlace>,
    slots: readonly OneSlot<RedisItem>[],
    { client, replicas, commandsOf, onMoved }: Sending,
  ): Promise<void> {
    if (call.end.isReached) return;
    const commands = slots.flatMap((items) => commandsOf(items).map((keyed) => [items, keyed] as const));
    const sent = commands.map(([, { command }]) => command);
    try {
      const replies = await sendAll(client, replicas > 0 ? [...sent, this.#wait()] : sent);
      if (replies.length < sent.length) return;
      const moved = new Set<OneSlot<RedisItem>>();
      for (const [at, [items, { onReply }]] of commands.entries()) {
        const reply = replies[at] ?? [null, undefined];
        if (onMoved !== undefined && isRedirection(reply[0])) moved.add(items);
        else onReply(reply);
      }
      if (replicas > 0) this.#settleReplicas(call, slots.flat(), replies.at(-1));
      if (onMoved !== undefined) for (const items of moved) onMoved(items);
    } catch (error) {
      const reason = this.explain(error);
      for (const items of slots) for (const item of items) call.fail(item, reason);
    }
  }

  /**
   * An error before EXEC makes Redis discard the transaction, which ioredis has sent completely in
   * any case: none stays open on the connection.
   */
  async #writeInTransaction(
    client: RedisClient,
    call: BackendCall<RedisPlace>,
    ttlMs: number,
  ): Promise<void> {
    const { replicas } = this.#options;
    const { items } = call;
    const commands = expiringWriteCommands(call, items, ttlMs);
    const transaction = client.multi(commands.map(({ command }) => command)).exec();
    const waited = replicas > 0 ? sendAll(client, [this.#wait()]) : undefined;
    // Both are awaited below; the one that is awaited last must not count as unhandled until then.
    waited?.catch(() => undefined);
    let replies: readonly RedisReply[];
    try {
      replies = (await transaction) ?? [];
    } catch (error) {
      const reason = this.explain(firstOfTransaction(error));
      for (const item of items) call.fail(item, reason);
      return;
    }
    for (const [at, { onReply }] of commands.entries()) {
      const reply = replies[at];
      if (reply !== undefined) onReply(reply);
    }
    if (waited === undefined) return;
    this.#settleReplicas(
      call,
      items,
      (await waited.catch((error: unknown): RedisReply[] => [[asError(error), 0]]))[0],
    );
  }

  /**
   * Half of the time is for the replicas, so that their answer comes before the limit of the call.
   */
  #wait(): RedisCommand {
    return ['call', 'wait', [this.#options.replicas, Math.ceil(this.#options.timeoutMs / 2)]];
  }

  #settleReplicas(
    call: BackendCall<RedisPlace>,
    items: readonly RedisItem[],
    reply: RedisReply | undefined,
  ): void {
    const [error, acked] = reply ?? [null, 0];
    const { replicas } = this.#options;
    if (error === null && (countOf(acked) ?? 0) >= replicas) return;
    const text =
      error === null
        ? `it was written, but only ${String(acked)} of ${replicas} replicas have it`
        : `it was written, but not confirmed by replicas: ${this.explain(error).text}`;
    for (const item of items) if (item.isDone) call.fail(item, { text, retriable: true });
  }
}

/** The reason why EXEC was refused is in the replies before it. */
function firstOfTransaction(error: unknown): unknown {
  if (error instanceof Error && 'previousErrors' in error && Array.isArray(error.previousErrors)) {
    const errors: readonly unknown[] = error.previousErrors;
    return errors[0] ?? error;
  }
  return error;
}
