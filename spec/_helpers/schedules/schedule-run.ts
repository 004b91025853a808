import { silentLogger } from '../../../source/index.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import { KasperError, type OffsetRange } from '../../../source/kernel/errors.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';
import { TopicProcessor } from '../../../source/topic-processor.ts';
import { MapStore } from '../../../stores/map-store.ts';
import { GROUP } from '../fakes/processor-run.ts';
import { CausedError, PlannedFailure } from './planned-failure.ts';
import type { NewGround, RunGround } from './run-ground.ts';
import type { LiveRun, RunParts } from './run-parts.ts';
import type { RunPlan } from './run-plan.ts';
import { LONG_MS, type ScheduleWorld } from './schedule-world.ts';
import { ScheduledProcess } from './scheduled-process.ts';
import { ScheduledSeeks } from './scheduled-seeks.ts';

/** One run of the job, from its start to its end, planned or not. */
export class ScheduleRun implements LiveRun {
  readonly #world: ScheduleWorld;
  readonly #plan: RunPlan;
  readonly #ground: RunGround;
  readonly #failure: PlannedFailure;
  readonly #process: ScheduledProcess;
  readonly #processor: TopicProcessor;
  readonly #seeks: ScheduledSeeks;
  /** Batches whose outputs and stores are durable. */
  #durable: OffsetRange[] = [];
  /** Partitions of which a batch is being flushed. */
  readonly #flushing = new Set<number>();
  #isDead = false;
  #turn = 0;
  #hasStarted = false;
  #isFailing = false;
  #hasEnded = false;
  #failed = false;
  #error: unknown;

  constructor(world: ScheduleWorld, plan: RunPlan, newGround: NewGround) {
    this.#world = world;
    this.#plan = plan;
    this.#failure = new PlannedFailure(plan, world.counts);
    const of = { world, plan, failure: this.#failure, run: this };
    const sought = (at: TopicPartition, offset: number) => {
      this.#sought(at, offset);
    };
    this.#ground = newGround({ ...of, sought });
    const parts: RunParts = { ...of, clock: this.#ground.clock };
    this.#process = new ScheduledProcess(parts);
    this.#processor = new TopicProcessor(
      {
        topicProcessorName: 'spec',
        // Who owns the partitions is not what schedules are about.
        claims: false,
        client: this.#ground.client,
        inputTopics: [...world.topics],
        inputPartitions: [...world.partitions],
        clock: this.#ground.clock,
        logger: silentLogger,
        stores: { store: { store: this.#store(), flush: world.isFlushed } },
        ...world.settings,
      },
      {
        overlapsFlush: world.overlapsFlush,
        process: (messages, sender, context) => this.#process.process(messages, sender, context),
      },
    );
    this.#seeks = new ScheduledSeeks(world, this, this.#processor);
    this.#listen();
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  isFlushing(partition: number): boolean {
    return this.#flushing.has(partition);
  }

  get isOver(): boolean {
    return this.#hasEnded || this.#isFailing;
  }

  /** Lets things happen for a while, then ends in one way or another. */
  async play(): Promise<void> {
    const { random, ledger, counts, partitions } = this.#world;
    ledger.beginRun();
    const stopFaults = this.#ground.interfere();
    void this.#watch(this.#processor.runLoop());
    for (let left = random.between(2, 12); left > 0 && !this.#hasEnded && !this.#isDead; left--) {
      if (random.chance(0.5)) this.#world.arrive();
      await this.#ground.advance(random.chance(0.3) ? 0 : random.between(1, 800));
    }
    if (!this.#hasEnded && !this.#isDead) {
      if (random.chance(this.#plan.crashes)) this.#crash();
      else {
        counts.closes++;
        void this.#processor.close().catch(() => undefined);
      }
    }
    await this.#untilEnded();
    if (this.#isDead) {
      counts.crashes++;
      await this.#ground.abandoned();
      for (const partition of partitions) ledger.checkOpen(partition);
    } else await this.#checkEnd();
    await stopFaults();
  }

  /** Comes to the end of what is there. */
  async playToEnd(): Promise<void> {
    const { ledger, topics, partitions } = this.#world;
    ledger.beginRun();
    void this.#watch(this.#processor.runToEnd());
    await this.#untilEnded();
    if (this.#failed) ledger.fail('progress', `the last run failed: ${String(this.#error)}`);
    ledger.checkComplete(topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition }))));
    await this.#checkEnd();
  }

  recordFailed(messages: readonly ConsumerMessage[]): void {
    this.#durable = this.#durable.filter(
      ({ topic, partition, first, last }) =>
        !messages.some(
          (each) =>
            each.topic === topic &&
            each.partition === partition &&
            each.offset >= first &&
            each.offset <= last,
        ),
    );
  }

  nextTurn(): void {
    if (this.#isDead || this.#hasEnded) return;
    const { suddenly, seeks } = this.#plan;
    this.#turn++;
    // From outside process, wherever a turn comes from.
    if (seeks.includes(this.#turn)) setImmediate(() => void this.#seeks.seek());
    if (this.#turn !== suddenly?.turn) return;
    const { counts } = this.#world;
    if (suddenly.what === 'crash') {
      counts.crashesInTurn++;
      this.#crash();
      return;
    }
    counts.closesInTurn++;
    if (this.#processor.state === 'starting') counts.closesAtStart++;
    void this.#processor.close().catch(() => undefined);
  }

  #store(): MapStore {
    const store = new MapStore();
    const { random, ledger } = this.#world;
    store.flush = async () => {
      await this.#ground.take(random.chance(this.#plan.slowRequests));
      if (this.#failure.isNow('store'))
        throw this.#failure.cause(new CausedError('store'), { isSeen: !this.#isDead });
      if (!this.#isDead) ledger.flushStore();
    };
    return store;
  }

  #listen(): void {
    const { counts } = this.#world;
    this.#processor.on('error', () => {
      this.#isFailing = true;
    });
    this.#processor.on('started', () => {
      this.#hasStarted = true;
    });
    this.#processor.on('batch', ({ step, partition, ranges, trigger }) => {
      if (this.#isDead) return;
      if (step === 'processed') this.#flushing.add(partition);
      if (step === 'stored') {
        this.#flushing.delete(partition);
        this.#durable.push(...ranges);
        counts.batches++;
        if (trigger === 'memory') counts.memoryBatches++;
      }
      this.nextTurn();
    });
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
    const { stepMs } = this.#ground;
    for (let waited = 0; !this.#hasEnded && !this.#isDead && waited < LONG_MS; waited += stepMs)
      await this.#ground.advance(stepMs);
    if (!this.#hasEnded && !this.#isDead)
      this.#world.ledger.fail('progress', `a run never ended: ${JSON.stringify(this.#processor.stats())}`);
  }

  async #checkEnd(): Promise<void> {
    if (!this.#hasEnded) return;
    const { ledger } = this.#world;
    this.#checkFailure();
    const isCommitFailure = KasperError.is(this.#error) && this.#error.code === 'COMMIT';
    if (!isCommitFailure) ledger.checkCommitted(this.#durable);
    if (!this.#failed) ledger.checkCommitted(this.#process.finished);
    if (!isCommitFailure) ledger.checkSought();
    const timers = await this.#ground.timersLeft();
    if (timers > 0) ledger.fail('afterEnd', `${timers} timers are left`);
    this.#world.arrive();
    const later = await this.#ground.askedLater(10 * 60_000);
    if (later.length > 0) ledger.fail('afterEnd', `asked after its end: ${later.join(', ')}`);
    const { unsettled } = this.#seeks;
    if (unsettled > 0) ledger.fail('progress', `${unsettled} seeks never came to an end`);
  }

  #checkFailure(): void {
    const { ledger } = this.#world;
    const caused = this.#failure.error;
    if (caused === undefined) {
      if (this.#failed) ledger.fail('failure', `nothing was caused, and it failed: ${String(this.#error)}`);
      return;
    }
    // Closed while it started: the start positions are decided again by the next run.
    if (!this.#hasStarted && !this.#failed) return;
    if (!this.#failed && this.#ground.mayLose(caused)) return;
    if (!this.#ground.isCausedBy(causesOf(this.#error), caused))
      ledger.fail('failure', `${String(caused)} was caused, and it ended with ${String(this.#error)}`);
  }

  /**
   * The process is gone: what it has sent arrives or not, and it neither sends nor sees anything
   * more.
   */
  #crash(): void {
    this.#isDead = true;
    this.#ground.abandon();
  }

  /** The source is made to continue elsewhere: what was done before need not stay committed. */
  #sought(at: TopicPartition, offset: number): void {
    const { ledger, kafka, counts } = this.#world;
    if (this.#isDead) return;
    const { topic, partition } = at;
    this.#durable = this.#durable.filter((each) => each.topic !== topic || each.partition !== partition);
    this.#process.forget(at);
    const committed = kafka.committed(GROUP, topic, partition) ?? 0;
    if (offset < committed) counts.seeksBack++;
    if (offset > committed) counts.seeksForward++;
    ledger.seek(at, offset);
  }
}

/** An error with its causes, and what each of them suppressed. */
function causesOf(thrown: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) {
    chain.push(error);
    if (!KasperError.is(error)) continue;
    for (const each of error.suppressed) chain.push(each, ...(each instanceof Error ? [each.cause] : []));
  }
  return chain;
}
