import { ErrorCodes } from '../../wire/error-codes.ts';
import { ConnectionError } from '../../../kernel/errors.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Logger } from '../../../kernel/logger.ts';
import type { KafkaObserver } from '../../client.ts';
import type { BrokerLink } from './broker-link.ts';
import { BrokerLinks } from './broker-links.ts';
import type { BrokerLinksOptions, Lane } from './broker-links.ts';
import type { CallLimit, CallWatch } from './call-watch.ts';
import type { Deadlines } from './deadlines.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { findCoordinatorRequest, type CoordinatorOf } from '../protocol/find-coordinator.ts';
import { metadataRequest } from '../protocol/metadata.ts';
import { connectFirst } from './first-connect.ts';
import type { RawRequest } from './raw-call.ts';
import type { BackoffOptions } from '../../../kernel/backoff.ts';
import { retryLoop } from './retry-loop.ts';
import { TopicTable } from './topic-table.ts';
import type { KnownTopic, Leader } from './topic-table.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';
import { sharedAbort } from '../../../kernel/shared-abort.ts';

/**
 * Waits between questions for a group's coordinator while there is none: after a start it comes about
 * soon; while no broker can be reached, nothing is gained by many attempts to connect.
 */
const COORDINATOR_BACKOFF: BackoffOptions = Object.freeze({ initialMs: 50, maxMs: 500 });

/**
 * A cluster: its brokers, the leaders of the partitions in use, and the coordinators of the groups
 * and transactional ids in use.
 */
export class ClusterConnection {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: KafkaObserver;
  readonly deadlines: Deadlines;
  /** By which calls are found that take too long. */
  readonly watch: CallWatch;
  readonly #firstConnectTimeoutMs: number;
  readonly #links: BrokerLinks;
  readonly #topics = new TopicTable();
  readonly #coordinators = new Map<string, number>();
  readonly #ending = sharedAbort();
  #refreshing: Promise<void> = Promise.resolve();
  #nextRefresh: { readonly topics: Set<string>; readonly done: Promise<void> } | undefined;
  #controllerId = -1;

  constructor(options: BrokerLinksOptions) {
    this.clock = options.clock;
    this.logger = options.logger;
    this.observer = options.observer;
    this.deadlines = options.deadlines;
    this.#firstConnectTimeoutMs = options.firstConnectTimeoutMs;
    this.#links = new BrokerLinks(options);
    this.watch = this.#links.watch;
  }

  /** Finds a first broker and learns the others. */
  async connect(): Promise<void> {
    await connectFirst(this, {
      timeoutMs: this.#firstConnectTimeoutMs,
      addresses: () => this.#links.seeds,
      whyNone: () => this.#links.seedsError,
      onForeign: (address, error) => {
        this.#links.giveUpSeed(address, error);
      },
      signal: this.#ending.signal,
    });
  }

  /** Undefined: not asked for yet, or it has no leader now. */
  leaderOf(partition: TopicPartition): Leader | undefined {
    return this.#topics.leaderOf(partition);
  }

  /**
   * What the last refresh said of a topic, errors included; undefined if it was never asked for.
   */
  topic(topic: string): KnownTopic | undefined {
    return this.#topics.get(topic);
  }

  /** The node that creates topics; -1 if none is known. */
  get controllerId(): number {
    return this.#controllerId;
  }

  /** The link to a node if it can be used now. */
  readyLink(nodeId: number, lane?: Lane): BrokerLink | undefined {
    return this.#links.ready(nodeId, lane);
  }

  /** The link to a node, connected. */
  link(nodeId: number, lane?: Lane): Promise<BrokerLink> {
    return this.#links.to(nodeId, lane);
  }

  /**
   * Calls one node. The request is on its way when the call returns, if the link is ready. Where it
   * has to be connected first, that is limited as well.
   */
  call<Answer>(nodeId: number, request: RawRequest<Answer>, limit: CallLimit): Promise<Answer> {
    return this.#links.call(nodeId, request, limit);
  }

  /** Calls the brokers one after the other, those first that are connected, until one answers. */
  callAny<Answer>(request: RawRequest<Answer>, limit: CallLimit): Promise<Answer> {
    return this.#links.callAny(request, limit);
  }

  /**
   * Asks for these topics again (Metadata). One request at a time: callers that come while one is
   * in flight share the next one, so that the answer is never older than the question.
   */
  refresh(topics: Iterable<string>): Promise<void> {
    const next = (this.#nextRefresh ??= this.#scheduleRefresh());
    for (const topic of topics) next.topics.add(topic);
    return next.done;
  }

  /**
   * The node that keeps a group's offsets, or the transactions of an id, asked of a live broker until
   * there is one or `timeoutMs` has passed.
   */
  async coordinatorOf(id: string, timeoutMs: number, of: CoordinatorOf = 'group'): Promise<number> {
    const key = coordinatorKey(id, of);
    const known = this.#coordinators.get(key);
    if (known !== undefined) return known;
    const what = `FindCoordinator of ${key}`;
    const answer = await retryLoop(
      this,
      {
        timeoutMs,
        what,
        // Nobody waits for it alone: what was to be asked of the coordinator is reported.
        kind: undefined,
        backoff: COORDINATOR_BACKOFF,
        signal: this.#ending.signal,
      },
      async () => {
        const found = await this.callAny(findCoordinatorRequest(of, id), { ms: this.deadlines.requestMs });
        if (found.errorCode !== ErrorCodes.NONE) throw brokerError(found.errorCode, what, found.errorMessage);
        return found;
      },
    );
    this.#links.learn([answer]);
    this.#coordinators.set(key, answer.nodeId);
    return answer.nodeId;
  }

  /** Forgets a coordinator, so that it is looked up again. */
  forgetCoordinator(id: string, of: CoordinatorOf = 'group'): void {
    this.#coordinators.delete(coordinatorKey(id, of));
  }

  /** Destroys all connections; resolves when they are closed. */
  async close(): Promise<void> {
    const closed = new ConnectionError('The Kafka client is closed', { retriable: false });
    this.#ending.abort(closed);
    await this.#links.close(closed);
  }

  #scheduleRefresh(): { topics: Set<string>; done: Promise<void> } {
    const topics = new Set<string>();
    const done = this.#refreshing.then(async () => {
      this.#nextRefresh = undefined;
      const answer = await this.callAny(metadataRequest([...topics]), { ms: this.deadlines.requestMs });
      this.#links.learnAll(answer.brokers);
      this.#controllerId = answer.controllerId;
      this.#topics.learn(answer.topics);
    });
    // Only the turn of the next refresh hangs on this; those who asked for this one get `done`, and
    // its failure.
    this.#refreshing = done.catch(() => undefined);
    return { topics, done };
  }
}

/** A group and a transactional id may have the same name. */
function coordinatorKey(id: string, of: CoordinatorOf): string {
  return `${of} ${id}`;
}
