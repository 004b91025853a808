import { setTimeout as sleep } from 'node:timers/promises';
import { KasperError } from '../../source/kernel/errors.ts';
import { backoffMs } from '../../source/kernel/backoff.ts';
import type { BackendCall } from '../backend/backend-call.ts';
import type { StoreFence, StoreOwner } from '../store-owner.ts';
import type { RedisClient } from './redis-client.ts';
import type { RedisPlace } from './redis-commands.ts';
import { closeConnections } from './redis-connections.ts';
import { mark, markOf, type FenceMarks } from './redis-fence-marks.ts';
import { connectedMasters } from './redis-masters.ts';
import { canBeDuplicated, isReply, RedisLine } from './redis-line.ts';

/** How a call is written by a client. */
type Send = (client: RedisClient, call: BackendCall<RedisPlace>, marks?: FenceMarks) => Promise<void>;

/** Which store fences, and by which means. */
interface Fencing {
  readonly store: object;
  readonly by: 'connections' | 'script';
}

interface Joined {
  readonly owner: StoreOwner;
  /** Its stores here, one for each time that it was joined. */
  readonly stores: object[];
  /** Another owner has its partitions: its stores write nothing any more. */
  lost: KasperError | undefined;
  wasWarned: boolean;
  /** By which means its stores fence. */
  readonly by: Set<Fencing['by']>;
}

/** For whom a line is opened. */
interface Opening {
  readonly owners: readonly Joined[];
  readonly names: readonly string[];
  /** Why the server does not take the name. */
  readonly refused: Error | undefined;
}

const writers = new WeakMap<RedisClient, RedisWriter>();

/** The writer of a client: all stores on the client share it. */
export function writerOf(client: RedisClient): RedisWriter {
  let writer = writers.get(client);
  if (writer === undefined) writers.set(client, (writer = new RedisWriter(client)));
  return writer;
}

/**
 * Writes for runs by a line of its own, so that what a dead process began to write does not come
 * after the writes of the next owner. Why that holds, in the order in which it happens:
 *
 * 1. A line has its name acked by the server, and then the claims read, before it is written on.
 * 2. The next owner writes its claims, and then closes all connections of that name.
 *
 * So a line is either closed by the next owner, or it sees the claims of the next owner. What is
 * written without a run goes by the user's client.
 */
export class RedisWriter {
  readonly #client: RedisClient;
  readonly #owners = new Map<string, Joined>();
  /** Names whose connections are to be closed before anything is read or written. */
  readonly #former = new Set<string>();
  readonly #onFenced: (() => void)[] = [];
  #line: RedisLine | undefined;
  #opening: Promise<RedisLine> | undefined;
  #lines = 0;
  /** Something was written on the line before: what was not answered may be with the server, unread. */
  #hasWritten = false;
  /** It is so: a write had no answer. */
  #isUnsure = false;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  fence(owner: StoreOwner, { store, by }: Fencing): StoreFence {
    if (!canBeDuplicated(this.#client)) {
      warnOf(owner, 'the client has no method duplicate');
      return { done: Promise.resolve(), isUnsure: false, release: () => undefined };
    }
    const joined = this.#owners.get(owner.id) ?? {
      owner,
      stores: [],
      lost: undefined,
      wasWarned: false,
      by: new Set(),
    };
    joined.by.add(by);
    joined.stores.push(store);
    if (joined.stores.length === 1) {
      this.#owners.set(owner.id, joined);
      // Its connections do not have this name.
      this.#line?.end();
      for (const id of owner.former) this.#former.add(nameOf(owner.group, id));
    }
    const done = new Promise<void>((resolve) => {
      this.#onFenced.push(resolve);
      // Where this fails, the next call tries it again.
      this.#open().then(
        () => {
          resolve();
        },
        () => undefined,
      );
    });
    let isReleased = false;
    const isUnsure = () => this.#isUnsure;
    return {
      done,
      get isUnsure() {
        return isUnsure();
      },
      release: () => {
        if (!isReleased) this.#release(joined, store);
        isReleased = true;
      },
    };
  }

  /** Resolves when nothing of a former owner can be written any more. @throws why not yet */
  async fenced(): Promise<void> {
    if (this.#former.size > 0) await this.#open();
  }

  /** Sends what is to be written, again where the connection was lost and the claims still hold. */
  async write(call: BackendCall<RedisPlace>, store: object, send: Send): Promise<void> {
    if (this.#owners.size === 0) {
      await send(this.#client, call);
      return;
    }
    const isEnded = () => call.end.isReached;
    let rest = call;
    for (let failures = 0; ; failures++) {
      if (failures > 0) await sleep(backoffMs({ initialMs: 20, maxMs: 1000 }, failures - 1));
      if (isEnded()) return;
      const line = await this.#open();
      if (isEnded()) return;
      this.#throwIfLost(store);
      this.#hasWritten = true;
      call.end.onReached = () => {
        this.#giveUp(line);
      };
      await send(line.client, rest, line.marks);
      call.end.onReached = undefined;
      if (isEnded()) return;
      if (rest.keys.isDone) return;
      const unknown = rest.items.filter(
        ({ isDone, failure }) => !isDone && (failure === undefined || failure.isUnknown === true),
      );
      if (unknown.length === 0) return;
      this.#isUnsure = true;
      if (!line.isOver) {
        // No answer within the client's own limit: it may come later than what is written next.
        this.#giveUp(line);
        return;
      }
      for (const item of unknown) item.failure = undefined;
      rest = call.partOf(unknown);
    }
  }

  async #open(): Promise<RedisLine> {
    if (this.#opening === undefined && this.#line?.isOver === false) return this.#line;
    this.#opening ??= this.#newLine().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #newLine(): Promise<RedisLine> {
    for (;;) {
      const owners = [...this.#owners.values()];
      const names = owners.map(({ owner: { group, id } }) => nameOf(group, id));
      const line = new RedisLine(this.#client, {
        name: names.join('+'),
        marks: { keys: names.map(markOf), number: ++this.#lines },
      });
      this.#line = line;
      try {
        const refused = await line.open();
        await this.#closeOthers(line, { owners, names, refused });
        // After the name was acked: an owner that takes over later closes this line.
        for (const joined of owners) await askClaims(joined);
      } catch (error) {
        line.end();
        if (!this.#hasOthersThan(owners)) throw error;
      }
      if (!line.isOver) return line;
      if (this.#owners.size === 0) throw new Error('the run has ended');
      // An owner has come or gone meanwhile, and the name with it.
    }
  }

  /** Closes what former owners have left, and what was given up here. */
  async #closeOthers(line: RedisLine, { owners, names, refused }: Opening): Promise<void> {
    const former = [...this.#former];
    const closing = new Set([...former, ...(this.#hasWritten ? names : [])]);
    const masters = closing.size === 0 ? [line.client] : await connectedMasters(line.client);
    let problem = refused;
    let closed = 0;
    for (const master of masters) {
      try {
        closed += await closeConnections(master, closing);
      } catch (error) {
        if (!isReply(error)) throw error;
        problem ??= error;
      }
    }
    if (owners.some(({ by }) => by.has('script'))) {
      const own = this.#hasWritten ? line.marks.keys : [];
      await mark(line.client, { former: former.map(markOf), own, number: line.marks.number });
    }
    for (const name of former) this.#former.delete(name);
    this.#hasWritten = false;
    this.#isUnsure = false;
    for (const joined of owners) {
      if (problem !== undefined && !joined.wasWarned && joined.by.has('connections')) {
        joined.wasWarned = true;
        warnOf(joined.owner, problem.message);
      }
      if (closed > 0)
        joined.owner.logger.info(
          'Connections of a former owner to Redis were closed, with what was on its way',
          {
            connections: closed,
          },
        );
    }
    for (const fenced of this.#onFenced.splice(0)) fenced();
  }

  #throwIfLost(store: object): void {
    for (const { stores, lost } of this.#owners.values())
      if (lost !== undefined && stores.includes(store)) throw lost;
  }

  #hasOthersThan(owners: readonly Joined[]): boolean {
    return this.#owners.size !== owners.length || owners.some(({ owner }) => !this.#owners.has(owner.id));
  }

  #giveUp(line: RedisLine): void {
    this.#isUnsure = true;
    line.giveUp();
  }

  #release(joined: Joined, store: object): void {
    joined.stores.splice(joined.stores.indexOf(store), 1);
    if (joined.stores.length > 0) return;
    this.#owners.delete(joined.owner.id);
    this.#line?.end();
    if (this.#owners.size > 0) return;
    this.#former.clear();
    this.#hasWritten = false;
    this.#isUnsure = false;
  }
}

/** Another owner's claims end one owner, and not those that share the line with it. */
async function askClaims(joined: Joined): Promise<void> {
  try {
    await joined.owner.stillOwned();
  } catch (error) {
    if (!KasperError.is(error) || error.code !== 'FENCED') throw error;
    joined.lost = error;
  }
}

function nameOf(group: string, id: string): string {
  return `kasper:${group}:${id}`;
}

function warnOf({ logger }: StoreOwner, why: string): void {
  logger.warn(
    'Redis does not let connections be named and closed: a write that a dead process began may come after newer ones, and take them back. ' +
      'Allow the commands CLIENT SETNAME, ID, LIST and KILL to the user of the client',
    { why },
  );
}
