import type { CommitResult } from '../../../source/kafka/group-offsets.ts';
import { BrokerError, ConnectionError } from '../../../source/kernel/errors.ts';
import type { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import type { FakeCall } from '../../../source/testing/fake-kafka/fake-requests.ts';
import { never, type RunParts } from './run-parts.ts';

/** The network of one run: requests are slow, fail, or are never answered. */
export class FaultyNetwork {
  readonly #kafka: FakeKafka;
  readonly #parts: RunParts;
  /** Requests in flight, each with what lets it arrive. */
  readonly #inFlight = new Set<() => void>();

  constructor(kafka: FakeKafka, parts: RunParts) {
    this.#kafka = kafka;
    this.#parts = parts;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** The way of a request to the broker, which may take a while. */
  take(slow: boolean): Promise<void> {
    if (!slow) return Promise.resolve();
    const { clock, world } = this.#parts;
    return new Promise((resolve) => {
      const arrive = () => {
        this.#inFlight.delete(arrive);
        resolve();
      };
      this.#inFlight.add(arrive);
      clock.after(world.random.between(1, 3_000), arrive);
    });
  }

  /** The process is gone: some of what it has sent arrives now. */
  abandon(): void {
    for (const arrive of this.#inFlight) if (this.#parts.world.random.chance(0.5)) arrive();
  }

  /** @param pass lets the request be answered */
  async ask(call: FakeCall, pass: () => Promise<void>): Promise<void> {
    const { run, world, plan, failure } = this.#parts;
    run.nextTurn();
    if (run.isDead) return never();
    const { random, counts } = world;
    await this.take(random.chance(plan.slowRequests));
    if (call.name === 'produce' && failure.isNow('produce'))
      throw this.#cause({ brokerCode: 10, brokerError: 'MESSAGE_TOO_LARGE' });
    if (call.name === 'commit') {
      if (failure.isNow('commit'))
        throw this.#cause({ brokerCode: 30, brokerError: 'GROUP_AUTHORIZATION_FAILED' });
      if (random.chance(plan.commitsRefused)) {
        counts.commitsRefused++;
        throw new ConnectionError('refused', { retriable: true });
      }
    }
    await pass();
  }

  /** What becomes of the answer to a commit that the broker has judged. */
  answer(results: CommitResult[]): CommitResult[] | Promise<CommitResult[]> {
    const { run, world, plan } = this.#parts;
    if (run.isDead) return never();
    if (world.random.chance(plan.answersLost)) {
      world.counts.commitAnswersLost++;
      throw new ConnectionError('lost', { retriable: true });
    }
    return results;
  }

  /**
   * Fetches do not go through the client, and single entries of a commit are refused by the broker.
   *
   * @returns ends both
   */
  interceptFetches(): () => void {
    const kafka = this.#kafka;
    const { random, counts } = this.#parts.world;
    const { slowRequests, entriesRefused } = this.#parts.plan;
    const ends = [
      kafka.intercept('fetch', () => {
        this.#parts.run.nextTurn();
        return this.take(random.chance(slowRequests));
      }),
      kafka.intercept('commitOffset', () => {
        if (!random.chance(entriesRefused)) return;
        counts.commitEntriesRefused++;
        throw new BrokerError('refused', { brokerCode: 16, brokerError: 'NOT_COORDINATOR', retriable: true });
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  #cause(broker: { readonly brokerCode: number; readonly brokerError: string }): Error {
    const { failure, run } = this.#parts;
    return failure.cause(new BrokerError('caused', { ...broker, retriable: false }), { isSeen: !run.isDead });
  }
}
