import { openClient } from '../../../../source/kafka/open-client.ts';
import type { KafkaClient } from '../../../../source/kafka/client.ts';
import { sleep } from '../../../../source/kernel/clock.ts';
import { BrokerError } from '../../../../source/kernel/errors.ts';
import { silentLogger } from '../../../../source/kernel/logger.ts';
import type { FaultHandle } from '../../../../source/embedded/index.ts';
import type { BrokerProxies } from '../../../../source/testing/index.ts';
import { NO_FAULTS } from '../run-plan.ts';
import type { GroundParts, RunGround } from '../run-ground.ts';
import { LONG_MS } from '../schedule-world.ts';
import { FastClock } from './fast-clock.ts';
import { drawFaults, type WireFault } from './wire-fault.ts';
import { WireFaults } from './wire-faults.ts';
import type { WireKafka } from './wire-kafka.ts';

/** So much faster than the machine's clock is that of a run: its time limits are of seconds. */
export const SPEED = 4;
/** Longer than a fault holds a request back. */
const SETTLED_MS = 2_000;
/** For how long it is watched that a run has ended. */
const WATCHED_MS = 500;

/** What comes suddenly comes with one of these. */
const turning = ['Metadata', 'OffsetFetch', 'ListOffsets', 'Fetch', 'Produce', 'OffsetCommit'] as const;

/** Errors that no repeat helps with. */
const refusals = [
  { of: 'produce', api: 'Produce', code: 29, name: 'TOPIC_AUTHORIZATION_FAILED' },
  { of: 'commit', api: 'OffsetCommit', code: 30, name: 'GROUP_AUTHORIZATION_FAILED' },
] as const;

/** What a run over the wire is made with. */
export interface WireGroundOptions {
  readonly kafka: WireKafka;
  /** Of this run alone. */
  readonly proxies: BrokerProxies;
  readonly onFault: (kind: WireFault['kind']) => void;
}

/** A run on the embedded cluster, by sockets that lead through proxies. */
export class WireGround implements RunGround {
  readonly clock = new FastClock(SPEED);
  readonly client: KafkaClient;
  readonly stepMs = 50;
  readonly #options: WireGroundOptions;
  readonly #parts: GroundParts;
  /** Ends all that interferes. */
  #end: () => Promise<void> = async () => undefined;
  /** Of those who interfere: it goes on when the run is dead. */
  readonly #outside = new FastClock(SPEED);

  constructor(options: WireGroundOptions, parts: GroundParts) {
    this.#options = options;
    this.#parts = parts;
    const { kafka, proxies } = options;
    const { brokers } = kafka.cluster;
    const client = openClient(
      { clientId: 'schedule', brokers, socketFactory: proxies.socketFactory },
      { logger: silentLogger, clock: this.clock, retryTimeoutMs: LONG_MS },
    );
    const newSource = client.source.bind(client);
    client.source = (sourceOptions) => {
      const source = newSource(sourceOptions);
      const seek = source.seek.bind(source);
      source.seek = (at, offset) => {
        parts.sought(at, offset);
        return seek(at, offset);
      };
      return source;
    };
    this.client = client;
  }

  interfere(): () => Promise<void> {
    const { kafka, proxies, onFault } = this.#options;
    const { plan, world } = this.#parts;
    const { cluster } = kafka;
    const handles = [...this.#countTurns(), ...this.#refuse()];
    const places = {
      brokers: cluster.brokers.length,
      topics: [...world.topics, 'out'],
      partitions: world.partitions.length,
    };
    const faults = new WireFaults(
      { cluster, proxies, clock: this.#outside, onFault },
      plan === NO_FAULTS ? [] : drawFaults(world.random, places),
    );
    this.#end = async () => {
      for (const handle of handles) handle.cancel();
      await faults.stop();
    };
    return this.#end;
  }

  advance(ms: number): Promise<void> {
    return sleep(this.#outside, ms);
  }

  async take(slow: boolean): Promise<void> {
    if (slow) await sleep(this.clock, this.#parts.world.random.between(1, 1_000));
  }

  abandon(): void {
    this.clock.stop();
    this.#options.proxies.refuse();
    void this.client.close().catch(() => undefined);
  }

  async abandoned(): Promise<void> {
    await this.#end();
    // A request that was held back arrives.
    await this.advance(SETTLED_MS);
  }

  async timersLeft(): Promise<number> {
    // The watch of time limits looks once more, and then finds nothing to watch.
    for (let waited = 0; this.clock.pending > 0 && waited < WATCHED_MS; waited += this.stepMs)
      await this.advance(this.stepMs);
    return this.clock.pending;
  }

  async askedLater(): Promise<readonly string[]> {
    // What it has asked before its end may be held back.
    await this.#end();
    const { kafka } = this.#options;
    for (let waited = 0; kafka.cluster.connections > 0 && waited < SETTLED_MS; waited += this.stepMs)
      await this.advance(this.stepMs);
    if (kafka.cluster.connections > 0) return ['a connection is open'];
    const before = kafka.requests;
    await this.advance(WATCHED_MS);
    return [...kafka.requests].flatMap(([name, count]) => (count === before.get(name) ? [] : [name]));
  }

  mayLose(caused: Error): boolean {
    return caused instanceof BrokerError;
  }

  isCausedBy(causes: readonly unknown[], caused: Error): boolean {
    if (!(caused instanceof BrokerError)) return causes.includes(caused);
    return causes.some((each) => each instanceof BrokerError && each.brokerCode === caused.brokerCode);
  }

  /** What comes suddenly may come with any request. */
  #countTurns(): FaultHandle[] {
    const { run } = this.#parts;
    return turning.map((api) =>
      this.#options.kafka.cluster.faults.fail({
        api,
        code: 1,
        times: Infinity,
        matching: () => {
          run.nextTurn();
          return false;
        },
      }),
    );
  }

  #refuse(): FaultHandle[] {
    const { failure, run } = this.#parts;
    return refusals.map(({ of, api, code, name }) =>
      this.#options.kafka.cluster.faults.fail({
        api,
        code,
        times: Infinity,
        matching: () => {
          if (!failure.isNow(of)) return false;
          const error = new BrokerError('caused', { brokerCode: code, brokerError: name, retriable: false });
          failure.cause(error, { isSeen: !run.isDead });
          return true;
        },
      }),
    );
  }
}
