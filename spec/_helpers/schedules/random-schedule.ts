import type { TopicProcessorOptions } from '../../../source/config/options.ts';
import type { CommitResult, GroupOffsets, OffsetToCommit } from '../../../source/kafka/group-offsets.ts';
import type { PartitionSource, SourceOptions } from '../../../source/kafka/source.ts';
import {
  BrokerError,
  ConnectionError,
  KasperError,
  type OffsetRange,
} from '../../../source/kernel/errors.ts';
import { sleep } from '../../../source/kernel/clock.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import type { ProcessContext } from '../../../source/message-processor.ts';
import type { SeekTarget } from '../../../source/seek-target.ts';
import type { Sender } from '../../../source/sender.ts';
import { silentLogger } from '../../../source/index.ts';
import { TopicProcessor } from '../../../source/topic-processor.ts';
import { MapStore } from '../../../stores/map-store.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeClient } from '../../../source/testing/fake-kafka/fake-client.ts';
import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import type { FakeCall } from '../../../source/testing/fake-kafka/fake-requests.ts';
import { GROUP } from '../fakes/processor-run.ts';
import { Random } from './random.ts';
import { nameOf, ScheduleLedger, type Violation } from './schedule-ledger.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';

/** What happened in a schedule, to see that all of them together met everything. */
export const happenings = [
  'crashes',
  'crashesInTurn',
  'closes',
  'closesInTurn',
  'closesAtStart',
  'failuresOfProcess',
  'failuresOfProduce',
  'failuresOfStore',
  'failuresOfCommit',
  'commitsRefused',
  'commitAnswersLost',
  'commitEntriesRefused',
  'repeats',
  'batches',
  'memoryBatches',
  'waits',
  'seeks',
  'seeksBack',
  'seeksForward',
  'seeksRefused',
  'records',
  'recordsDeleted',
] as const;
export type Happening = (typeof happenings)[number];

/** What came of one schedule. */
export interface ScheduleOutcome {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<Happening, number>>;
}

/** Longer than a run can need for what is there, with every fault that a schedule has. */
const LONG_MS = 30 * 60_000;

/** Plays one schedule: several runs of a job, each with other faults and another end, and a last one that has none. */
export async function playSchedule(seed: number): Promise<ScheduleOutcome> {
  const { random } = Math;
  const jitter = new Random(~seed);
  // Waits between attempts are drawn by it: the same seed must give the same run.
  Math.random = () => jitter.fraction();
  try {
    return await new Schedule(new Random(seed)).play();
  } finally {
    Math.random = random;
  }
}

/** Faults and times of one run. */
interface RunPlan {
  /** Shares of 1. */
  readonly slowRequests: number;
  readonly slowProcess: number;
  readonly commitsRefused: number;
  readonly answersLost: number;
  readonly entriesRefused: number;
  /** After so many turns of the run a seek begins. */
  readonly seeks: readonly number[];
  /** After so many turns of the run this happens at once, wherever it is. */
  readonly suddenly: { readonly turn: number; readonly what: 'crash' | 'close' } | undefined;
  /** What fails for good, and at which call of its kind. */
  readonly failure:
    { readonly of: 'process' | 'produce' | 'store' | 'commit'; readonly call: number } | undefined;
}

const NO_FAULTS: RunPlan = {
  slowRequests: 0,
  slowProcess: 0,
  commitsRefused: 0,
  answersLost: 0,
  entriesRefused: 0,
  seeks: [],
  suddenly: undefined,
  failure: undefined,
};

class Schedule {
  readonly random: Random;
  readonly kafka: FakeKafka;
  readonly ledger: ScheduleLedger;
  readonly counts = Object.fromEntries(happenings.map((name) => [name, 0])) as Record<Happening, number>;
  readonly isFlushed: boolean;
  readonly topics: readonly string[];
  readonly partitions: readonly number[];
  readonly settings: Partial<TopicProcessorOptions> & { readonly concurrency: number };
  /** Topic-partitions with a transaction that is open. */
  readonly #open = new Set<string>();

  constructor(random: Random) {
    this.random = random;
    const fetchSize = random.between(1, 30);
    this.kafka = new FakeKafka({
      chunkRecords: random.chance(0.5) ? fetchSize : () => random.between(1, fetchSize),
      memoryFactor: random.pick([1, 1, 1_000, 20_000]),
    });
    this.topics = random.chance(0.7) ? ['in'] : ['in', 'more'];
    this.partitions = Array.from({ length: random.between(1, 3) }, (_none, partition) => partition);
    for (const topic of [...this.topics, 'out']) this.kafka.createTopic(topic, this.partitions.length);
    this.isFlushed = random.chance(0.5);
    const batchSize = random.between(1, 12);
    const commit = random.pick<'pipelined' | 'each'>(['pipelined', 'pipelined', 'each']);
    const concurrency = random.pick([1, 1, 2]);
    const maxUncommittedRecords = random.pick([1, 10, 25, 50_000]);
    this.settings = {
      batchSize,
      commit,
      concurrency,
      maxUncommittedRecords,
      onOffsetOutOfRange: 'earliest',
      batchWaitMs: random.pick([0, 20, 500]),
      maxBufferBytes: 1024 * 1024,
      // No fault of a schedule lasts so long.
      commitTimeoutMs: LONG_MS,
      closeTimeoutMs: LONG_MS,
      offsetRefreshMs: random.pick([1000, 60_000]),
    };
    this.ledger = new ScheduleLedger({
      kafka: this.kafka,
      batchSize,
      commit,
      concurrency,
      maxUncommittedRecords,
    });
    this.kafka.intercept('commitOffset', ({ topic = '', partition = 0, offset = 0 }) => {
      this.ledger.commit(topic, partition, offset, this.isFlushed);
    });
  }

  async play(): Promise<ScheduleOutcome> {
    const { random, ledger, counts } = this;
    for (let arrival = random.between(0, 4); arrival > 0; arrival--) this.arrive();
    const runs = random.between(1, 3);
    for (let run = 0; run < runs && ledger.violations.length === 0; run++)
      await new Run(this, run, this.#plan()).play();
    this.#endTransactions();
    if (ledger.violations.length === 0) await new Run(this, runs, NO_FAULTS).playToEnd();
    counts.repeats = ledger.repeats;
    return { violations: ledger.violations, counts };
  }

  /** Something is written to an input. */
  arrive(): void {
    const { random, kafka } = this;
    const topic = random.pick(this.topics as [string, ...string[]]);
    const partition = random.between(0, this.partitions.length - 1);
    const key = `${topic}/${partition}`;
    const kind = random.fraction();
    if (kind < 0.1) kafka.appendGap(topic, partition, random.between(1, 5));
    else if (kind < 0.15 && !this.#open.has(key)) {
      kafka.beginTransaction(topic, partition);
      this.#open.add(key);
    } else if (this.#open.has(key) && kind < 0.4) {
      kafka.endTransaction(topic, partition);
      this.#open.delete(key);
    } else if (kind < 0.2 && !this.#open.has(key)) {
      const { start, end } = kafka.log({ topic, partition });
      const before = random.between(start, end);
      this.counts.recordsDeleted += before - start;
      kafka.deleteBefore(topic, partition, before);
    } else {
      const count = random.between(1, 12);
      this.counts.records += count;
      kafka.fill(topic, partition, count);
    }
  }

  #endTransactions(): void {
    for (const key of this.#open) {
      const [topic = '', partition] = key.split('/');
      this.kafka.endTransaction(topic, Number(partition));
    }
    this.#open.clear();
  }

  #plan(): RunPlan {
    const { random } = this;
    const share = (often: number, most: number) => (random.chance(often) ? random.fraction() * most : 0);
    return {
      slowRequests: share(0.7, 0.8),
      slowProcess: share(0.6, 0.8),
      commitsRefused: share(0.3, 0.6),
      answersLost: share(0.3, 0.6),
      entriesRefused: share(0.3, 0.5),
      seeks: random.chance(0.5)
        ? Array.from({ length: random.between(1, 5) }, () => random.between(5, 60))
        : [],
      suddenly: random.chance(0.5)
        ? { turn: random.between(1, 40), what: random.pick(['crash', 'close']) }
        : undefined,
      failure: random.chance(0.5)
        ? { of: random.pick(['process', 'produce', 'store', 'commit']), call: random.between(1, 6) }
        : undefined,
    };
  }
}

/** What a run is made to fail with. */
class CausedError extends Error {
  override readonly name = 'CausedError';
}

/** One run of the job, from its start to its end, in whatever way it comes. */
class Run {
  readonly #schedule: Schedule;
  readonly #number: number;
  readonly #plan: RunPlan;
  readonly #clock: FakeClock;
  readonly #processor: TopicProcessor;
  /** Requests on their way, each with what lets it go on. */
  readonly #underWay = new Set<() => void>();
  /** Batches whose outputs and stores are durable. */
  #durable: OffsetRange[] = [];
  /** Records whose process has returned. */
  #finished: OffsetRange[] = [];
  #seeking = 0;
  #isDead = false;
  #turn = 0;
  readonly #calls = new Map<string, number>();
  #caused: Error | undefined;
  #hasStarted = false;
  #isFailing = false;
  #hasEnded = false;
  #failed = false;
  #error: unknown;

  constructor(schedule: Schedule, number: number, plan: RunPlan) {
    this.#schedule = schedule;
    this.#number = number;
    this.#plan = plan;
    const { kafka, ledger, settings, topics, partitions } = schedule;
    this.#clock = new FakeClock(() => kafka.quiet());
    const store = new MapStore();
    store.flush = async () => {
      await this.#take(schedule.random.chance(plan.slowRequests));
      if (this.#isCaused('store')) throw this.#cause(new CausedError('store'));
      if (!this.#isDead) ledger.flushStore();
    };
    this.#processor = new TopicProcessor(
      {
        topicProcessorName: 'spec',
        // Who owns the partitions is not what schedules are about.
        claims: false,
        client: this.#client(),
        inputTopics: [...topics],
        inputPartitions: [...partitions],
        clock: this.#clock,
        logger: silentLogger,
        stores: { store: { store, flush: schedule.isFlushed } },
        ...settings,
      },
      { process: (messages, sender, context) => this.#process(messages, sender, context) },
    );
    this.#processor.on('error', () => {
      this.#isFailing = true;
    });
    this.#processor.on('started', () => {
      this.#hasStarted = true;
    });
    this.#processor.on('batch', ({ step, ranges, trigger }) => {
      if (this.#isDead) return;
      if (step === 'stored') {
        this.#durable.push(...ranges);
        schedule.counts.batches++;
        if (trigger === 'memory') schedule.counts.memoryBatches++;
      }
      this.#nextTurn();
    });
  }

  /** Lets things happen for a while, then ends in one way or another. */
  async play(): Promise<void> {
    const { random, kafka, ledger, counts } = this.#schedule;
    ledger.beginRun();
    const stopFaults = this.#interceptFetches();
    void this.#watch(this.#processor.runLoop());
    for (let left = random.between(2, 12); left > 0 && !this.#hasEnded && !this.#isDead; left--) {
      if (random.chance(0.5)) this.#schedule.arrive();
      await this.#clock.advance(random.chance(0.3) ? 0 : random.between(1, 800));
    }
    if (!this.#hasEnded && !this.#isDead) {
      if (random.chance(0.5)) this.#crash();
      else {
        counts.closes++;
        void this.#processor.close().catch(() => undefined);
      }
    }
    await this.#untilEnded();
    if (this.#isDead) {
      counts.crashes++;
      await kafka.quiet();
      // An answer that was under way may have had it begin to read.
      this.#closeSources();
      for (const partition of this.#schedule.partitions) ledger.checkOpen(partition);
    } else await this.#checkEnd();
    stopFaults();
  }

  /** Comes to the end of what is there. */
  async playToEnd(): Promise<void> {
    const { ledger, topics, partitions } = this.#schedule;
    ledger.beginRun();
    void this.#watch(this.#processor.runToEnd());
    await this.#untilEnded();
    if (this.#failed) ledger.fail('progress', `the last run failed: ${String(this.#error)}`);
    ledger.checkComplete(topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition }))));
    await this.#checkEnd();
  }

  async #watch(run: Promise<unknown>): Promise<void> {
    try {
      await run;
    } catch (error) {
      this.#failed = true;
      this.#error = error;
    }
    this.#hasEnded = true;
  }

  async #untilEnded(): Promise<void> {
    for (let waited = 0; !this.#hasEnded && !this.#isDead && waited < LONG_MS; waited += 5_000)
      await this.#clock.advance(5_000);
    if (!this.#hasEnded && !this.#isDead)
      this.#schedule.ledger.fail(
        'progress',
        `run ${this.#number} never ended: ${JSON.stringify(this.#processor.stats())}`,
      );
  }

  async #checkEnd(): Promise<void> {
    if (!this.#hasEnded) return;
    const { ledger, kafka } = this.#schedule;
    this.#checkFailure();
    if (!(KasperError.is(this.#error) && this.#error.code === 'COMMIT')) ledger.checkCommitted(this.#durable);
    if (!this.#failed) ledger.checkCommitted(this.#finished);
    if (!(KasperError.is(this.#error) && this.#error.code === 'COMMIT')) ledger.checkSought();
    const asked = kafka.calls.length;
    // Requests on their way are the network's.
    const timers = this.#clock.pending - this.#underWay.size;
    if (timers > 0) ledger.fail('afterEnd', `${timers} timers are left`);
    this.#schedule.arrive();
    await this.#clock.advance(10 * 60_000);
    const later = kafka.calls.slice(asked).map(({ name }) => name);
    if (later.length > 0) ledger.fail('afterEnd', `asked after its end: ${later.join(', ')}`);
    if (this.#seeking > 0) ledger.fail('progress', `${this.#seeking} seeks never came to an end`);
  }

  #checkFailure(): void {
    const { ledger } = this.#schedule;
    if (this.#caused === undefined) {
      if (this.#failed) ledger.fail('failure', `nothing was caused, and it failed: ${String(this.#error)}`);
      return;
    }
    // Closed while it started: the start positions are decided again by the next run.
    if (!this.#hasStarted && !this.#failed) return;
    let error = this.#error;
    const chain: unknown[] = [];
    for (; error instanceof Error; error = error.cause) chain.push(error, ...suppressedBy(error));
    if (!chain.includes(this.#caused))
      ledger.fail('failure', `${String(this.#caused)} was caused, and it ended with ${String(this.#error)}`);
  }

  /** The process is gone: what it has sent arrives or not, nothing more is sent, and nothing more is seen of what was sent. */
  #crash(): void {
    this.#isDead = true;
    for (const goOn of this.#underWay) if (this.#schedule.random.chance(0.5)) goOn();
    this.#closeSources();
  }

  #closeSources(): void {
    for (const source of [...this.#schedule.kafka.sources]) void source.close();
  }

  /** Something is about to happen in the run: the moment for what comes suddenly. */
  #nextTurn(): void {
    if (this.#isDead || this.#hasEnded) return;
    const { suddenly, seeks } = this.#plan;
    this.#turn++;
    // From outside process, whatever a turn comes from.
    if (seeks.includes(this.#turn)) setImmediate(() => void this.#seek());
    if (this.#turn !== suddenly?.turn) return;
    const { counts } = this.#schedule;
    if (suddenly.what === 'crash') {
      counts.crashesInTurn++;
      this.#crash();
      return;
    }
    counts.closesInTurn++;
    if (this.#processor.state === 'starting') counts.closesAtStart++;
    void this.#processor.close().catch(() => undefined);
  }

  async #seek(): Promise<void> {
    const { random, kafka, topics, partitions, ledger, counts } = this.#schedule;
    if (this.#isDead || this.#processor.state !== 'running') return;
    const topic = random.pick(topics as [string, ...string[]]);
    const partition = random.pick(partitions as [number, ...number[]]);
    const { start, end } = kafka.log({ topic, partition });
    const to = random.pick<SeekTarget>([
      'earliest',
      'latest',
      random.between(start, end),
      random.between(start, end),
    ]);
    counts.seeks++;
    this.#seeking++;
    try {
      await this.#processor.seek(topic, partition, to);
    } catch (error) {
      if (this.#isDead) return;
      counts.seeksRefused++;
      // Records are deleted while it asks where the log begins.
      const isGone = typeof to === 'number' && KasperError.is(error) && error.code === 'OFFSET_OUT_OF_RANGE';
      if (!isGone && this.#processor.state === 'running')
        ledger.fail('seek', `${topic}/${partition} to ${JSON.stringify(to)}: ${String(error)}`);
    } finally {
      this.#seeking--;
    }
  }

  /** The source is told to go on elsewhere: what was done before need not stay committed. */
  #sought({ topic, partition }: TopicPartition, offset: number): void {
    const { ledger, kafka, counts } = this.#schedule;
    if (this.#isDead) return;
    const isOther = (range: OffsetRange) => range.topic !== topic || range.partition !== partition;
    this.#durable = this.#durable.filter(isOther);
    this.#finished = this.#finished.filter(isOther);
    const committed = kafka.committed(GROUP, topic, partition) ?? 0;
    if (offset < committed) counts.seeksBack++;
    if (offset > committed) counts.seeksForward++;
    ledger.seek(topic, partition, offset);
  }

  #process(
    messages: readonly ConsumerMessage[],
    sender: Sender,
    context: ProcessContext,
  ): void | Promise<void> {
    if (this.#isDead) return never();
    const { ledger, random } = this.#schedule;
    if (this.#hasEnded || this.#isFailing) ledger.fail('afterEnd', 'process was called');
    ledger.begin(context.partition, messages);
    this.#nextTurn();
    if (this.#isDead) return never();
    if (random.chance(0.3)) {
      this.#work(messages, sender, context.partition);
      this.#finish(messages, context.partition);
      return;
    }
    return this.#processSlowly(messages, sender, context);
  }

  async #processSlowly(
    messages: readonly ConsumerMessage[],
    sender: Sender,
    context: ProcessContext,
  ): Promise<void> {
    const { ledger, random, counts } = this.#schedule;
    const { partition } = context;
    const half = random.between(0, messages.length);
    this.#work(messages.slice(0, half), sender, partition);
    if (random.chance(0.1)) {
      counts.waits++;
      ledger.leave(partition);
      await context.wait(random.between(0, 2_000));
      if (this.#isDead) return never();
      ledger.enter(partition);
    }
    if (random.chance(0.1)) await sender.flush();
    if (random.chance(this.#plan.slowProcess)) await sleep(this.#clock, random.between(0, 1_500));
    if (this.#isDead) return never();
    this.#work(messages.slice(half), sender, partition);
    this.#finish(messages, partition);
  }

  #work(messages: readonly ConsumerMessage[], sender: Sender, partition: number): void {
    const { ledger } = this.#schedule;
    ledger.put(messages);
    for (const message of messages)
      sender.send({ topic: 'out', partition, key: nameOf(message), value: String(ledger.passOf(message)) });
  }

  #finish(messages: readonly ConsumerMessage[], partition: number): void {
    const { ledger } = this.#schedule;
    if (this.#isCaused('process')) {
      ledger.leave(partition);
      throw this.#cause(new CausedError('process'));
    }
    ledger.finish(partition, messages);
    for (const { topic, offset } of messages)
      this.#finished.push({ topic, partition, first: offset, last: offset });
  }

  #client(): FakeClient {
    return new FaultyClient(this.#schedule.kafka, {
      ask: (call, pass) => this.#ask(call, pass),
      answer: (results) => this.#answer(results),
      sought: (at, offset) => {
        this.#sought(at, offset);
      },
    });
  }

  async #ask(call: FakeCall, pass: () => Promise<void>): Promise<void> {
    this.#nextTurn();
    if (this.#isDead) return never();
    const { random, counts } = this.#schedule;
    const { slowRequests, commitsRefused } = this.#plan;
    await this.#take(random.chance(slowRequests));
    if (call.name === 'produce' && this.#isCaused('produce'))
      throw this.#cause(
        new BrokerError('caused', { brokerCode: 10, brokerError: 'MESSAGE_TOO_LARGE', retriable: false }),
      );
    if (call.name === 'commit') {
      if (this.#isCaused('commit'))
        throw this.#cause(
          new BrokerError('caused', {
            brokerCode: 30,
            brokerError: 'GROUP_AUTHORIZATION_FAILED',
            retriable: false,
          }),
        );
      if (random.chance(commitsRefused)) {
        counts.commitsRefused++;
        throw new ConnectionError('refused', { retriable: true });
      }
    }
    await pass();
  }

  /** What becomes of the answer to a commit that the broker has judged. */
  #answer(results: CommitResult[]): CommitResult[] | Promise<CommitResult[]> {
    if (this.#isDead) return never();
    if (this.#schedule.random.chance(this.#plan.answersLost)) {
      this.#schedule.counts.commitAnswersLost++;
      throw new ConnectionError('lost', { retriable: true });
    }
    return results;
  }

  /** Fetches do not go through the client, and single entries of a commit are refused by the broker. */
  #interceptFetches(): () => void {
    const { kafka, random, counts } = this.#schedule;
    const { slowRequests, entriesRefused } = this.#plan;
    const ends = [
      kafka.intercept('fetch', () => {
        this.#nextTurn();
        return this.#take(random.chance(slowRequests));
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

  /** The way of a request to the broker, which may take a while. */
  #take(slow: boolean): Promise<void> {
    if (!slow) return Promise.resolve();
    return new Promise((resolve) => {
      const arrive = () => {
        this.#underWay.delete(arrive);
        resolve();
      };
      this.#underWay.add(arrive);
      this.#clock.after(this.#schedule.random.between(1, 3_000), arrive);
    });
  }

  #isCaused(of: 'process' | 'produce' | 'store' | 'commit'): boolean {
    const { failure } = this.#plan;
    if (failure?.of !== of) return false;
    const call = (this.#calls.get(of) ?? 0) + 1;
    this.#calls.set(of, call);
    return call === failure.call;
  }

  #cause(error: Error): Error {
    const { counts } = this.#schedule;
    const of = this.#plan.failure?.of ?? 'process';
    counts[`failuresOf${of[0]?.toUpperCase() ?? ''}${of.slice(1)}` as Happening]++;
    if (!this.#isDead) this.#caused = error;
    return error;
  }
}

interface Faults {
  ask(call: FakeCall, pass: () => Promise<void>): Promise<void>;
  answer(results: CommitResult[]): CommitResult[] | Promise<CommitResult[]>;
  sought(at: TopicPartition, offset: number): void;
}

/** A client whose requests are slow, fail, or are never answered. */
class FaultyClient extends FakeClient {
  readonly #faults: Faults;

  constructor(kafka: FakeKafka, faults: Faults) {
    super(kafka);
    this.#faults = faults;
  }

  override ask(call: FakeCall): Promise<void> {
    return this.#faults.ask(call, () => super.ask(call));
  }

  override source(options: SourceOptions): PartitionSource {
    const source = super.source(options);
    const seek = source.seek.bind(source);
    source.seek = (at, offset) => {
      this.#faults.sought(at, offset);
      return seek(at, offset);
    };
    return source;
  }

  override group(groupId: string): GroupOffsets {
    const group = super.group(groupId);
    return {
      fetch: (partitions) => group.fetch(partitions),
      fetchAll: () => group.fetchAll(),
      commit: async (offsets: readonly OffsetToCommit[]) => this.#faults.answer(await group.commit(offsets)),
    };
  }
}

function suppressedBy(error: Error): readonly unknown[] {
  if (!KasperError.is(error)) return [];
  return error.suppressed.flatMap((each) => [each, ...(each instanceof Error ? [each.cause] : [])]);
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
