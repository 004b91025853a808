import { setTimeout as sleep } from 'node:timers/promises';
import { storesInMemory, type JobStores } from '../../config/job-stores.ts';
import type { Job } from '../../job.ts';
import type { PartitionOffset } from '../../kafka/log-position.ts';
import { checkArguments } from '../../kernel/check-arguments.ts';
import { checkOptionNames } from '../../kernel/check-option-names.ts';
import { BrokerError, ConfigError } from '../../kernel/errors.ts';
import { isObject } from '../../kernel/is-object.ts';
import { show } from '../../kernel/shown-value.ts';
import { unknownName } from '../../kernel/unknown-name.ts';
import type { ConsumerMessage, ProducerMessage } from '../../message.ts';
import type { StoreMap } from '../../message-processor.ts';
import type { RunSummary } from '../../stats.ts';
import type { TopicProcessor } from '../../topic-processor.ts';
import type { TypedTopic } from '../../typed-topic.ts';
import { FakeClock } from '../fake-clock.ts';
import type { Gate } from '../fake-kafka/fake-requests.ts';
import { HarnessRun, type TestOptions } from './harness-run.ts';
import { HarnessTopics, type TestHarnessOptions, type TypedRecord } from './harness-topics.ts';

export type { TestHarnessOptions } from './harness-topics.ts';

/** What a test can make fail, or hold back. */
export type HarnessRequest = 'produce' | 'fetch' | 'commit' | 'listOffsets';

const requests: readonly HarnessRequest[] = ['produce', 'fetch', 'commit', 'listOffsets'];

/**
 * Runs jobs in a unit test: on a Kafka in memory and a clock that stands still until it is turned.
 * Every call resolves when all is quiet: nothing can go on unless the clock is turned or records are
 * fed. The same calls give the same run each time.
 *
 * A batch in `context.wait` is quiet. One that awaits anything else, such as a call of a real
 * server, is waited for in real time.
 *
 * It does not simulate brokers, networks, retries of requests, compression, transactions, or claims
 * of other processes: for these there is the EmbeddedCluster. Topics are made when they are first
 * used, so that a misspelt output topic is found empty rather than missing.
 *
 * @example
 * const harness = new TestHarness();
 * await harness.start(job);
 * await harness.feed({ topic: 'pages', key: 'home', value: '' });
 * assert.equal(harness.read('seen').length, 1);
 * await harness.stop();
 */
export class TestHarness implements AsyncDisposable {
  /** The time of the jobs: starts at the same moment in each test. */
  readonly clock: FakeClock;
  readonly #topics: HarnessTopics;
  readonly #runs: HarnessRun[] = [];
  /** By the job's name: stores outlive a crash, as servers do. */
  readonly #jobStores = new Map<string, JobStores>();
  /** Those that hold something back. */
  readonly #holds = new Set<Gate>();

  /** @throws ConfigError for options that do not exist, and for numbers of partitions that are none */
  constructor(options: TestHarnessOptions = {}) {
    checkOptionNames('TestHarness', options, ['partitions', 'topics']);
    this.#topics = new HarnessTopics(options);
    this.clock = new FakeClock(() => this.#quiet());
  }

  /**
   * Starts a job, from its committed offsets, without claims: all partitions of its input topics,
   * unless the job or the options name some. Several jobs may run at the same time.
   *
   * Where the job's `stores` is a function, it is given stores in memory: after a crash those it had
   * before.
   *
   * @throws ConfigError for what is no job, options that are wrong, and a job that runs already; and
   *   what the run fails with when it starts
   */
  async start<Stores extends StoreMap>(job: Job<Stores>, options: TestOptions<Stores> = {}): Promise<void> {
    this.#make('TestHarness.start', job, options).start({ toEnd: false });
    await this.#settle();
  }

  /**
   * Runs a job to its end, as `kasper run --to-end` does; the clock is turned as far as it needs.
   *
   * @returns what was done
   * @throws as {@link start}, and what the run fails with
   */
  async runToEnd<Stores extends StoreMap>(
    job: Job<Stores>,
    options: TestOptions<Stores> = {},
  ): Promise<RunSummary> {
    const run = this.#make('TestHarness.runToEnd', job, options);
    run.start({ toEnd: true });
    return this.#untilEnded(run);
  }

  /**
   * Writes records to their topics, then turns the clock by the `batchWaitMs` of the jobs, so that
   * what was fed has been due. Keys are spread as by Java's client; records without a key go to the
   * partitions in turn.
   *
   * @param options `wait: false`: the clock is not turned
   * @throws ConfigError for what is no record, and what a run fails with
   */
  async feed(
    records: ProducerMessage | readonly ProducerMessage[],
    { wait = true }: { readonly wait?: boolean } = {},
  ): Promise<void> {
    this.#topics.feed(Array.isArray(records) ? records : [records as ProducerMessage], this.clock.wallNow());
    await this.#settle();
    if (wait) await this.advance(this.#runs.reduce((sum, run) => sum + run.batchWaitMs, 0));
  }

  /**
   * The records of a topic that came since the last read of it, in the order in which they came: as
   * messages, or, of a topic with a type, their keys as text and their values.
   *
   * @throws CodecError for a value that the topic's codec does not take
   */
  read(topic: string): ConsumerMessage[];
  read<Value>(topic: TypedTopic<Value>): TypedRecord<Value>[];
  read<Value>(topic: string | TypedTopic<Value>): ConsumerMessage[] | TypedRecord<Value>[] {
    return this.#topics.read(topic);
  }

  /** For each key of a topic its last value, as a compacted topic keeps it; without tombstones. */
  latest(topic: string): Map<string, ConsumerMessage>;
  latest<Value>(topic: TypedTopic<Value>): Map<string, Value>;
  latest<Value>(topic: string | TypedTopic<Value>): Map<string, ConsumerMessage> | Map<string, Value> {
    return this.#topics.latest(topic);
  }

  /** What all topics have counts as read. */
  clear(): void {
    this.#topics.clear();
  }

  /**
   * Turns the clock, timer by timer.
   *
   * @throws ConfigError for what is no number of milliseconds, and what a run fails with
   */
  async advance(ms: number): Promise<void> {
    checkArguments('TestHarness.advance', [
      Number.isFinite(ms) && ms >= 0,
      'ms must be a number of milliseconds from 0',
      ms,
    ]);
    await this.clock.advance(ms);
    await this.#settle();
  }

  /**
   * Makes the next request fail, for good: as after all retries. Default: with a BrokerError.
   *
   * @throws ConfigError for a request that does not exist
   */
  failNext(request: HarnessRequest, error: Error = refused(request)): void {
    checkRequest('failNext', request);
    this.#topics.kafka.fail(request, error);
  }

  /**
   * Holds requests back until `open()` of what it returns is called. What is held counts as quiet.
   *
   * @throws ConfigError for a request that does not exist
   */
  hold(request: HarnessRequest): Gate {
    checkRequest('hold', request);
    const gate = this.#topics.kafka.hold(request);
    this.#holds.add(gate);
    return {
      waiting: gate.waiting,
      open: () => {
        this.#holds.delete(gate);
        gate.open();
      },
    };
  }

  /** The offsets that a job has committed, by topic and partition. Default: those of the one that runs. */
  committed(job?: Pick<Job, 'topicProcessorName'>): PartitionOffset[] {
    return this.#topics.committed(job?.topicProcessorName ?? this.#one().job.topicProcessorName);
  }

  /** The stores of a job that runs, as `process` gets them. Default: of the only one. */
  stores<Stores extends StoreMap>(job?: Job<Stores>): Stores {
    return this.#one(job?.topicProcessorName).stores as Stores;
  }

  /** The processor of a job that runs, to look at its stats, or to seek. Default: of the only one. */
  processor(job?: Pick<Job, 'topicProcessorName'>): TopicProcessor {
    return this.#one(job?.topicProcessorName).processor;
  }

  /**
   * Ends a job as `close()` does. Default: the only one that runs.
   *
   * @returns what it did
   * @throws what the run fails with
   */
  async stop(job?: Pick<Job, 'topicProcessorName'>): Promise<RunSummary> {
    const run = this.#one(job?.topicProcessorName);
    run.stop();
    return this.#untilEnded(run);
  }

  /**
   * Ends jobs as `kill -9` does: requests that are not answered do not happen, and nothing more is
   * called. Default: all that run. Code of the job that is awaiting something else than the harness
   * cannot be stopped.
   */
  async crash(job?: Pick<Job, 'topicProcessorName'>): Promise<void> {
    for (const run of job === undefined ? [...this.#runs] : [this.#one(job.topicProcessorName)]) {
      run.kill();
      this.#forget(run);
    }
    await this.#topics.kafka.quiet();
  }

  /** Ends what still runs, as {@link crash} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.crash();
  }

  #make<Stores extends StoreMap>(what: string, job: Job<Stores>, options: TestOptions<Stores>): HarnessRun {
    checkArguments(
      what,
      [isObject(job) && 'processor' in job, 'the job must be what defineJob gives', job],
      [isObject(options), 'options must be an object', options],
    );
    const name = job.topicProcessorName;
    if (this.#runs.some((run) => run.job.topicProcessorName === name))
      throw new ConfigError([`the job ${show(name)} runs already: stop() or crash() it first`], { what });
    let jobStores = this.#jobStores.get(name);
    if (jobStores === undefined) this.#jobStores.set(name, (jobStores = storesInMemory()));
    const topics = options.inputTopics ?? job.inputTopics;
    const run = new HarnessRun(job, options, {
      client: this.#topics.kafka.client(),
      clock: this.clock,
      jobStores,
      inputPartitions: this.#topics.partitionsOf(topics),
    });
    this.#runs.push(run);
    return run;
  }

  /** Resolves when nothing goes on but what waits for the clock. */
  async #quiet(): Promise<void> {
    await this.#topics.kafka.quiet();
    while (this.#isWorking) {
      await sleep(1);
      await this.#topics.kafka.quiet();
    }
  }

  /** What waits for a request that is held is quiet. */
  get #isWorking(): boolean {
    for (const { waiting } of this.#holds) if (waiting.length > 0) return false;
    return this.#runs.some((run) => run.isWorking);
  }

  /** @throws what a run has failed with; it does not count as running any more */
  async #settle(): Promise<void> {
    await this.#quiet();
    for (const run of [...this.#runs]) {
      if (run.ended === undefined) continue;
      this.#forget(run);
      if ('error' in run.ended) throw run.ended.error;
    }
  }

  async #untilEnded(run: HarnessRun): Promise<RunSummary> {
    for (;;) {
      await this.#quiet();
      const { ended } = run;
      if (ended !== undefined) {
        this.#forget(run);
        if (ended.summary === undefined) throw ended.error;
        return ended.summary;
      }
      await this.clock.advance(this.clock.nextInMs ?? 0);
    }
  }

  #forget(run: HarnessRun): void {
    const at = this.#runs.indexOf(run);
    if (at !== -1) this.#runs.splice(at, 1);
  }

  /** @throws ConfigError unless one is meant */
  #one(name?: string): HarnessRun {
    const named = this.#runs.filter(({ job }) => name === undefined || job.topicProcessorName === name);
    const [only] = named;
    if (only !== undefined && named.length === 1) return only;
    const names = this.#runs.map(({ job }) => job.topicProcessorName).join(', ');
    const what = name === undefined ? 'say which job is meant' : `the job ${show(name)} does not run`;
    throw new ConfigError([`${what}: ${names === '' ? 'none runs' : `${names} run`}`], {
      what: 'TestHarness',
    });
  }
}

function refused(request: HarnessRequest): BrokerError {
  return new BrokerError(`The test has refused a request: ${request}`, {
    brokerCode: -1,
    brokerError: 'UNKNOWN_SERVER_ERROR',
    retriable: false,
  });
}

/** @throws ConfigError */
function checkRequest(method: string, request: HarnessRequest): void {
  if (requests.includes(request)) return;
  throw new ConfigError([unknownName('request', request, requests)], {
    what: `TestHarness.${method}`,
  });
}
