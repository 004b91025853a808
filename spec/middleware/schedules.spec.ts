import test from 'ava';
import { eachMessage } from '../../source/each-message.ts';
import { header } from '../../source/header.ts';
import { defineJob } from '../../source/job.ts';
import { KasperError, StoreError } from '../../source/kernel/errors.ts';
import { silentLogger } from '../../source/kernel/logger.ts';
import type { ConsumerMessage } from '../../source/message.ts';
import { deadLetter } from '../../source/middleware/dead-letter.ts';
import { deduplicate } from '../../source/middleware/deduplicate.ts';
import { logErrors } from '../../source/middleware/log-errors.ts';
import { retry } from '../../source/middleware/retry.ts';
import { TestHarness } from '../../source/testing/index.ts';
import { MapStore } from '../../stores/map-store.ts';
import { Random } from '../_helpers/schedules/random.ts';

const SCHEDULES = 100;
const PARTITIONS = 2;

/** What a schedule does to its job, beside feeding it. */
const faults = [
  'crash',
  'crashBeforeIds',
  'crashAfterIds',
  'idsRefused',
  'idsWrittenAndRefused',
  'produceRefused',
  'commitRefused',
  'outage',
] as const;
type Fault = (typeof faults)[number];

interface Fed {
  readonly n: number;
  readonly id: string;
  readonly kind: 'good' | 'flaky' | 'poison';
}

const textOf = (message: ConsumerMessage, name: string) => header(name)(message) ?? '';

/** Random records and faults for the chain of middleware, on a Kafka and a clock in memory. */
class Schedule {
  readonly problems = new Set<string>();
  readonly happened = new Set<Fault>();
  readonly #random: Random;
  readonly #harness = new TestHarness({ topics: { in: PARTITIONS, out: PARTITIONS, 'in.dlq': 1 } });
  readonly #store = new MapStore();
  readonly #fed: Fed[][] = Array.from({ length: PARTITIONS }, () => []);
  /** Of the outputs, in their order. */
  readonly #outputs: { readonly n: number; readonly id: string; readonly key: string }[] = [];
  readonly #letters = new Set<number>();
  /** Records that were tried: flaky ones fail once. */
  readonly #failed = new Set<string>();
  readonly #job;
  #atIds: Fault | undefined;
  #isOut = false;
  /** What a run failed with last. */
  #failure: unknown;

  constructor(seed: number) {
    const random = new Random(seed);
    this.#random = random;
    const putAll = this.#store.putAll.bind(this.#store);
    this.#store.putAll = (entries) => this.#put([...entries], putAll);
    this.#job = defineJob(
      {
        topicProcessorName: 'job',
        inputTopics: ['in'],
        batchSize: random.between(1, 8),
        batchWaitMs: 100,
        concurrency: random.between(1, 2),
        commit: random.pick(['pipelined', 'each']),
        logger: silentLogger,
        stores: { seen: this.#store },
        middleware: [
          deadLetter({ maxShare: 1 }),
          deduplicate({ store: 'seen', id: header('id') }),
          // As often as a batch can have flaky messages of one key, which fail one after another.
          retry({ attempts: 10, initialMs: 10 }),
          logErrors({ level: 'debug' }),
        ],
      },
      eachMessage((message, sender) => {
        sender.forward(message, { topic: 'out', partition: message.partition });
        const place = `${message.partition}/${textOf(message, 'n')}`;
        const isTried = this.#failed.has(place);
        // Once only, whatever it fails with: an outage may end before the last attempt.
        this.#failed.add(place);
        if (this.#isOut) throw new StoreError('away', { store: 'other', operation: 'get', retriable: true });
        const kind = textOf(message, 'kind');
        if (kind === 'poison') throw new Error('poison');
        if (kind !== 'flaky' || isTried) return;
        throw new Error('at first');
      }),
    );
  }

  async play(): Promise<void> {
    for (let step = this.#random.between(5, 20); step > 0 && this.problems.size === 0; step--) {
      await this.#start();
      await this.#step();
      this.#check();
    }
    this.#atIds = undefined;
    // What was to fail next may be left: each start takes some of them.
    for (let starts = 0; starts < 50 && !this.#isAtEnd; starts++) {
      await this.#start();
      await this.#attempt(() => this.#harness.advance(60_000));
    }
    this.#check();
    this.#checkEnd();
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const harness = this.#harness;
    await this.#attempt(() => this.#feed());
    if (random.chance(0.6)) {
      const fault = random.pick(faults);
      if (fault === 'crash') {
        this.happened.add(fault);
        await harness.crash();
      } else if (fault === 'outage') this.#isOut = true;
      else if (fault === 'produceRefused') harness.failNext('produce');
      else if (fault === 'commitRefused') harness.failNext('commit');
      else this.#atIds = fault;
      if (fault.endsWith('Refused') || fault === 'outage') this.happened.add(fault);
    }
    await this.#start();
    await this.#attempt(() => this.#feed());
    await this.#attempt(() => harness.advance(random.between(0, 300)));
    this.#isOut = false;
  }

  async #feed(): Promise<void> {
    const random = this.#random;
    const partition = random.between(0, PARTITIONS - 1);
    const records = this.#fed[partition] ?? [];
    const added = Array.from({ length: random.between(0, 6) }, () => {
      const n = records.length;
      const kind = random.pick(['good', 'good', 'good', 'flaky', 'poison'] as const);
      // Of what is no poison some are repeats of what came before.
      const id = kind === 'poison' || random.chance(0.8) ? `${partition}-${n}` : `${partition}-r${n % 3}`;
      records.push({ n, id, kind });
      const headers = { id, n: String(n), kind };
      return { topic: 'in', partition, key: `k${random.between(0, 2)}`, value: 'v', headers };
    });
    await this.#harness.feed(added, { wait: random.chance(0.7) });
  }

  async #put(
    entries: readonly (readonly [string, Buffer])[],
    putAll: (entries: readonly (readonly [string, Buffer])[]) => Promise<void>,
  ): Promise<void> {
    this.#read();
    const there = new Set(this.#outputs.map(({ id }) => id));
    for (const [id] of entries) if (!there.has(id)) this.problems.add(`id ${id} is put before its output`);
    const fault = this.#atIds;
    this.#atIds = undefined;
    if (fault !== undefined) this.happened.add(fault);
    if (fault === 'idsRefused') throw new Error('refused');
    if (fault !== 'crashBeforeIds') await putAll(entries);
    if (fault === 'idsWrittenAndRefused') throw new Error('refused');
    if (fault === 'crashBeforeIds' || fault === 'crashAfterIds') {
      void this.#harness.crash();
      await new Promise(() => undefined);
    }
  }

  /** A run may fail, with an error of this package, and is started again. */
  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#failure = error;
      if (!KasperError.is(error)) this.problems.add(`failed with ${String(error)}`);
    }
  }

  async #start(): Promise<void> {
    try {
      this.#harness.processor(this.#job);
    } catch {
      await this.#attempt(() => this.#harness.start(this.#job));
    }
  }

  #read(): void {
    for (const message of this.#harness.read('out'))
      this.#outputs.push({
        n: Number(textOf(message, 'n')),
        id: textOf(message, 'id'),
        key: `${message.partition}/${message.keyText ?? ''}`,
      });
    for (const letter of this.#harness.read('in.dlq')) {
      if (textOf(letter, 'kind') !== 'poison') this.problems.add(`${textOf(letter, 'id')} is set aside`);
      this.#letters.add(Number(textOf(letter, 'id').replace('-', '')));
    }
  }

  /** Nothing is passed by a commit that is neither sent, nor set aside, nor a repeat of what was sent. */
  #check(): void {
    this.#read();
    const there = new Set(this.#outputs.map(({ id }) => id));
    for (const { partition, offset } of this.#harness.committed(this.#job))
      for (const { n, id, kind } of this.#fed[partition]?.slice(0, offset) ?? []) {
        const isDone = kind === 'poison' ? this.#letters.has(Number(`${partition}${n}`)) : there.has(id);
        if (!isDone) this.problems.add(`${partition}/${n} is committed, and not done`);
      }
  }

  get #isAtEnd(): boolean {
    const committed = this.#harness.committed(this.#job);
    return (
      committed.length > 0 &&
      committed.every(({ partition, offset }) => offset === this.#fed[partition]?.length)
    );
  }

  #checkEnd(): void {
    const fed = this.#fed.flat();
    if (!this.#isAtEnd) this.problems.add(`it does not come to the end: ${String(this.#failure)}`);
    const poison = new Set(fed.filter(({ kind }) => kind === 'poison').map(({ id }) => id));
    const last = new Map<string, number>();
    const seen = new Set<string>();
    for (const { n, id, key } of this.#outputs) {
      if (poison.has(id)) this.problems.add(`${id} is poison, and sent`);
      if (seen.has(`${key}/${n}`)) {
        if (this.happened.size === 0) this.problems.add(`${key} ${n} is repeated without a fault`);
        continue;
      }
      seen.add(`${key}/${n}`);
      if (n < (last.get(key) ?? -1)) this.problems.add(`${key}: ${n} comes after ${last.get(key) ?? -1}`);
      last.set(key, n);
    }
    const ids = new Set(fed.filter(({ kind }) => kind !== 'poison').map(({ id }) => id));
    if (this.#store.size !== ids.size) this.problems.add(`${this.#store.size} of ${ids.size} ids are kept`);
  }
}

test('through retry, deadLetter and deduplicate nothing is lost or passed by a commit, keys keep their order, and no id is put before its output', async (t) => {
  t.timeout(240_000);
  const happened = new Set<Fault>();
  const { random } = Math;
  try {
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const jitter = new Random(~seed);
      // Waits between attempts are drawn by it: the same seed must give the same schedule.
      Math.random = () => jitter.fraction();
      const schedule = new Schedule(seed);
      await schedule.play();
      for (const fault of schedule.happened) happened.add(fault);
      t.deepEqual([...schedule.problems], [], `seed ${seed}`);
    }
  } finally {
    Math.random = random;
  }
  t.deepEqual([...happened].sort(), [...faults].sort(), 'all faults were met');
});
