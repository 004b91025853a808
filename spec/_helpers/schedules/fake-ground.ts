import type { KafkaClient } from '../../../source/kafka/client.ts';
import type { CommitResult } from '../../../source/kafka/group-offsets.ts';
import { FakeClock } from '../../../source/testing/fake-clock.ts';
import type { FakeScheduledKafka } from './fake-scheduled-kafka.ts';
import { FaultyClient } from './faulty-client.ts';
import { FaultyNetwork } from './faulty-network.ts';
import type { GroundParts, RunGround } from './run-ground.ts';

/** A run on the fake Kafka, in a time of its own. */
export class FakeGround implements RunGround {
  readonly clock: FakeClock;
  readonly client: KafkaClient;
  readonly stepMs = 5_000;
  readonly #kafka: FakeScheduledKafka;
  readonly #network: FaultyNetwork;

  constructor(kafka: FakeScheduledKafka, { sought, ...parts }: GroundParts) {
    this.#kafka = kafka;
    this.clock = new FakeClock(() => kafka.quiet());
    const network = new FaultyNetwork(kafka, { ...parts, clock: this.clock });
    this.#network = network;
    this.client = new FaultyClient(kafka, {
      ask: (call, pass) => network.ask(call, pass),
      answer: (results: CommitResult[]) => network.answer(results),
      sought,
    });
  }

  interfere(): () => void {
    return this.#network.interceptFetches();
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  take(slow: boolean): Promise<void> {
    return this.#network.take(slow);
  }

  abandon(): void {
    this.#network.abandon();
    this.#closeSources();
  }

  async abandoned(): Promise<void> {
    await this.#kafka.quiet();
    // An answer that was in flight may have made it begin to read.
    this.#closeSources();
  }

  async timersLeft(): Promise<number> {
    // Requests in flight are the network's.
    return this.clock.pending - this.#network.inFlight;
  }

  async askedLater(ms: number): Promise<readonly string[]> {
    const asked = this.#kafka.calls.length;
    await this.clock.advance(ms);
    return this.#kafka.calls.slice(asked).map(({ name }) => name);
  }

  mayLose(): boolean {
    return false;
  }

  isCausedBy(causes: readonly unknown[], caused: Error): boolean {
    return causes.includes(caused);
  }

  #closeSources(): void {
    for (const source of [...this.#kafka.sources]) void source.close();
  }
}
