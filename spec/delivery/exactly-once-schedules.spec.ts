import test from 'ava';
import { groupIdOf, silentLogger, TopicProcessor } from '../../source/index.ts';
import { BrokerError, ConnectionError, KasperError } from '../../source/kernel/errors.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import type { FakeClient } from '../../source/testing/fake-kafka/fake-client.ts';
import { FakeKafka } from '../../source/testing/fake-kafka/fake-kafka.ts';
import { Random } from '../_helpers/schedules/random.ts';

/** ONCE_SEED plays one schedule alone, the one that a failure names. */
const { ONCE_SEED: onlySeed } = process.env;
const SCHEDULES = 400;
const RECORDS = 60;
const PARTITIONS = [0, 1] as const;
const GROUP = groupIdOf('once');

/** What may happen in a schedule, counted to see that all of them together met everything. */
const happenings = [
  'kills',
  'closes',
  'fences',
  'timeOuts',
  'lost',
  'refused',
  'retries',
  'failures',
] as const;
type Counts = Record<(typeof happenings)[number], number>;

const requests = ['initTransactionalId', 'addPartitions', 'addOffsets', 'produce', 'commit', 'endTxn'];

/** One schedule: runs that are killed, closed, fenced and answered badly, and a last one to the end. */
class Schedule {
  readonly #random: Random;
  readonly #counts: Counts;
  readonly #kafka: FakeKafka;
  readonly #clock: FakeClock;
  readonly #violations: string[] = [];
  /** How likely it is that a request meets a fault. */
  #faults = 0;
  #isLast = false;

  constructor(seed: number, counts: Counts) {
    this.#random = new Random(seed);
    this.#counts = counts;
    const kafka = new FakeKafka({ chunkRecords: () => this.#random.between(1, 20) });
    this.#kafka = kafka.createTopic('in', 2).createTopic('out', 3);
    this.#clock = new FakeClock(() => kafka.quiet());
    for (const partition of PARTITIONS) kafka.fill('in', partition, RECORDS);
    for (const name of requests) {
      kafka.intercept(name, () => {
        this.#meet(name, 'refused');
      });
      kafka.intercept(`${name}Answered`, () => {
        this.#meet(name, 'lost');
      });
    }
  }

  async play(): Promise<readonly string[]> {
    for (let left = this.#random.between(1, 5); left > 0; left--) await this.#run();
    this.#faults = 0;
    this.#isLast = true;
    const { processor } = this.#processor();
    await this.#until(processor.runToEnd().catch((error: unknown) => this.#violations.push(String(error))));
    this.#check();
    for (const partition of PARTITIONS) {
      const committed = this.#kafka.committed(GROUP, 'in', partition);
      if (committed !== RECORDS) this.#violations.push(`partition ${partition} ends at ${committed}`);
    }
    return this.#violations;
  }

  async #run(): Promise<void> {
    const random = this.#random;
    this.#faults = random.chance(0.8) ? random.fraction() * 0.15 : 0;
    const { processor, client } = this.#processor();
    const state = { hasEnded: false };
    const run = processor.runLoop().then(
      () => undefined,
      (error: unknown) => {
        this.#counts.failures++;
        if (!KasperError.is(error)) this.#violations.push(`failed with ${String(error)}`);
      },
    );
    void run.then(() => {
      state.hasEnded = true;
    });
    for (let left = random.between(1, 12); left > 0 && !state.hasEnded; left--) {
      await this.#clock.advance(random.chance(0.5) ? random.between(1, 40) : 0);
      this.#check();
      if (random.chance(0.06)) this.#timeOut();
      if (random.chance(0.06)) this.#fence();
    }
    if (state.hasEnded) return;
    if (random.chance(0.5)) {
      this.#counts.kills++;
      client.kill();
      await this.#kafka.quiet();
    } else {
      this.#counts.closes++;
      await this.#until(processor.close().catch(() => undefined));
      await this.#until(run);
    }
    this.#check();
  }

  #processor(): { processor: TopicProcessor; client: FakeClient } {
    const random = this.#random;
    const client = this.#kafka.client();
    const processor = new TopicProcessor(
      {
        topicProcessorName: 'once',
        client,
        inputTopics: ['in'],
        inputPartitions: PARTITIONS,
        delivery: 'exactly-once',
        claims: false,
        clock: this.#clock,
        logger: silentLogger,
        batchSize: random.between(1, 20),
        batchWaitMs: random.between(0, 30),
        commitTimeoutMs: 1_000,
        closeTimeoutMs: 5_000,
        middleware: [
          (next) => async (messages, sender, context) => {
            try {
              await next(messages, sender, context);
            } catch (error) {
              if (KasperError.is(error)) throw error;
              this.#counts.retries++;
              await next(messages, sender, context);
            }
          },
        ],
      },
      {
        process: async (messages, sender) => {
          const failsAt = !this.#isLast && random.chance(0.1) ? random.between(0, messages.length) : -1;
          for (const [at, { partition, offset }] of messages.entries()) {
            if (at === failsAt) throw new Error('planned');
            sender.send({ topic: 'out', partition, key: null, value: String(offset) });
            if (random.chance(0.05)) await sender.flush();
          }
        },
      },
    );
    return { processor, client };
  }

  /** Of a request that did nothing, or of which only the answer is lost. */
  #meet(name: string, what: 'refused' | 'lost'): void {
    // In the middle of a transaction.
    if (this.#random.chance(this.#faults / 4)) this.#timeOut();
    if (this.#random.chance(this.#faults / 40)) this.#fence();
    if (!this.#random.chance(this.#faults)) return;
    this.#counts[what]++;
    if (name !== 'initTransactionalId' && this.#random.chance(0.3)) {
      const brokerCode = this.#random.pick([45, 47, 48, 49, 59, 90]);
      throw new BrokerError('caused', { brokerCode, brokerError: 'CAUSED', retriable: false });
    }
    throw new ConnectionError('lost', { retriable: true });
  }

  /** Another process takes an id, and does nothing with it. */
  #fence(): void {
    this.#counts.fences++;
    this.#kafka.transactions.take(`${GROUP}-${this.#random.pick(PARTITIONS)}`);
  }

  /** The coordinator aborts a transaction whose time is over. */
  #timeOut(): void {
    const id = `${GROUP}-${this.#random.pick(PARTITIONS)}`;
    if (!this.#kafka.transactions.isOpen(id)) return;
    this.#counts.timeOuts++;
    this.#kafka.transactions.timeOut(id);
  }

  /** What is visible is exact, at every moment: outputs and offset of a partition are one prefix. */
  #check(): void {
    const outputs = this.#kafka.records('out');
    for (const partition of PARTITIONS) {
      const committed = this.#kafka.committed(GROUP, 'in', partition) ?? 0;
      const found = outputs
        .filter((each) => each.partition === partition)
        .map(({ valueText }) => Number(valueText));
      const expected = Array.from({ length: committed }, (_none, offset) => offset);
      if (found.join() !== expected.join())
        this.#violations.push(
          `partition ${partition} is committed at ${committed}, its outputs are ${found.join()}`,
        );
    }
  }

  async #until(done: Promise<unknown>): Promise<void> {
    const state = { isDone: false };
    const ended = done.then(() => {
      state.isDone = true;
    });
    for (let waited = 0; !state.isDone && waited < 600_000; waited += 50) await this.#clock.advance(50);
    if (state.isDone) await ended;
    else this.#violations.push('a run never ended');
  }
}

test(`in ${SCHEDULES} random schedules, outputs and offsets are the same prefix of the input at every moment`, async (t) => {
  t.timeout(600_000);
  const counts = Object.fromEntries(happenings.map((name) => [name, 0])) as Counts;
  const seeds =
    onlySeed === undefined ? Array.from({ length: SCHEDULES }, (_none, at) => at + 1) : [Number(onlySeed)];
  for (const seed of seeds) {
    const violations = await new Schedule(seed, counts).play();
    t.deepEqual(violations.slice(0, 3), [], `ONCE_SEED=${seed}`);
    if (violations.length > 0) return;
  }
  t.log(JSON.stringify(counts));
  if (onlySeed === undefined)
    t.deepEqual(
      happenings.filter((name) => counts[name] < 20),
      [],
    );
});
