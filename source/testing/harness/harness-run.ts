import { isStore } from '../../../stores/is-store.ts';
import type { JobStores } from '../../config/job-stores.ts';
import { optionRows } from '../../config/option-table.ts';
import type { TopicProcessorOptions } from '../../config/options.ts';
import type { StoresOption } from '../../config/stores-option.ts';
import type { Job } from '../../job.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { StoreMap } from '../../message-processor.ts';
import type { RunSummary } from '../../stats.ts';
import { TopicProcessor } from '../../topic-processor.ts';
import { CountedCalls } from './counted-processor.ts';
import type { FakeClient } from '../fake-kafka/fake-client.ts';

/** Options of the TopicProcessor that a test sets in place of those of the job. */
export type TestOptions<Stores extends StoreMap = StoreMap> = Partial<
  Omit<TopicProcessorOptions<Stores>, 'client' | 'clock' | 'claims' | 'processor' | 'jobStores'>
>;

/** What a run is made with. */
export interface HarnessRunOptions {
  readonly client: FakeClient;
  readonly clock: Clock;
  /** Used where the job's `stores` is a function. */
  readonly jobStores: JobStores;
  readonly inputPartitions: readonly number[];
}

const DEFAULT_BATCH_WAIT_MS = Number(optionRows.find(({ name }) => name === 'batchWaitMs')?.default);

/** A job that runs on a fake Kafka and a fake clock, until it ends or is killed. */
export class HarnessRun {
  readonly job: Job;
  /** As `process` gets them. */
  readonly stores: StoreMap;
  /** After how long a batch of it is due. */
  readonly batchWaitMs: number;
  readonly #client: FakeClient;
  readonly #clock: RunClock;
  readonly #processor: TopicProcessor;
  readonly #calls = new CountedCalls();
  #ended: Ended | undefined;
  #isKilled = false;

  constructor(
    job: Job,
    options: TestOptions,
    { client, clock, jobStores, inputPartitions }: HarnessRunOptions,
  ) {
    this.job = job;
    this.#client = client;
    this.#clock = new RunClock(clock);
    const { processor, stores = {}, ...jobOptions } = { ...job, ...options };
    let made = typeof stores === 'function' ? {} : stores;
    const makes = typeof stores === 'function';
    this.batchWaitMs = options.batchWaitMs ?? job.batchWaitMs ?? DEFAULT_BATCH_WAIT_MS;
    this.#processor = new TopicProcessor(
      {
        ...jobOptions,
        ...(makes ? { stores: (given) => (made = stores(given)), jobStores } : { stores }),
        inputPartitions: options.inputPartitions ?? job.inputPartitions ?? inputPartitions,
        client,
        clock: this.#clock,
        claims: false,
      },
      this.#calls.of(processor),
    );
    this.stores = withoutOptions(made);
  }

  /** The processor that runs. */
  get processor(): TopicProcessor {
    return this.#processor;
  }

  /** What has come of it; undefined while it runs. */
  get ended(): Ended | undefined {
    return this.#ended;
  }

  /** Starts it; {@link ended} says how it ended. */
  start({ toEnd }: { readonly toEnd: boolean }): void {
    const run = toEnd ? this.#processor.runToEnd() : this.#processor.runLoop();
    run.then(
      (summary) => {
        this.#ended = { summary };
      },
      (error: unknown) => {
        this.#ended = { error };
      },
    );
  }

  /** Whether code of the job is at work, for which the clock need not be turned. */
  get isWorking(): boolean {
    if (this.#isKilled || this.#ended !== undefined) return false;
    if (this.#calls.isCalled) return true;
    return this.#processor
      .stats()
      .partitionProcessors.some(({ step }) => step === 'process' || step === 'store');
  }

  /** Ends it as `close()` does, and starts that only. */
  stop(): void {
    // What it rejects with, the run does, too.
    this.#processor.close().catch(() => undefined);
  }

  /** Ends it as `kill -9` does: nothing that is under way comes to an end. */
  kill(): void {
    this.#isKilled = true;
    this.#client.kill();
    this.#clock.stop();
  }
}

/** How a run ended. */
export interface Ended {
  readonly summary?: RunSummary;
  readonly error?: unknown;
}

/** A clock whose timers can all be called off. */
class RunClock implements Clock {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  wallNow(): number {
    return this.#clock.wallNow();
  }

  after(ms: number, fire: () => void): Timer {
    if (this.#isStopped) return { cancel: () => undefined };
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      fire();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

/** The stores themselves, where some are given with options. */
function withoutOptions(stores: StoresOption<StoreMap>): StoreMap {
  return Object.fromEntries(
    Object.entries(stores).map(([name, entry]) => [name, isStore(entry) ? entry : entry.store]),
  );
}
