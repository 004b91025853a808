import type { ExecutionContext } from 'ava';
import type { KafkaClient, KafkaObserver } from '../../../source/kafka/client.ts';
import type { PartitionReader } from '../../../source/kafka/source.ts';
import type { StartPosition } from '../../../source/kafka/log-position.ts';
import type { RecordAccumulator, SinkOptions } from '../../../source/kafka/sink.ts';
import type {
  Chunk,
  FetchBudget,
  OutOfRange,
  PartitionSource,
  SourceOptions,
} from '../../../source/kafka/source.ts';
import type { Deadlines } from '../../../source/kafka/kafkajs/connection/deadlines.ts';
import { type ClientInit, openClient } from '../../../source/kafka/open-client.ts';
import type { KasperError } from '../../../source/kernel/errors.ts';
import type { LogFields, Logger } from '../../../source/kernel/logger.ts';
import { until } from '../../_helpers/until.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';

/**
 * Short limits, so that a spec of a missed deadline takes seconds; a broker that is not frozen
 * meets them on a busy machine as well.
 */
export const SHORT_DEADLINES: Deadlines = {
  fetchMs: 2_000,
  produceMs: 2_000,
  produceTimeoutMs: 1_000,
  requestMs: 2_000,
  handshakeMs: 2_000,
};

/** Of now: a real broker deletes records that are older than its retention. */
export const FIRST_TIMESTAMP = Date.now();

/** A log line that was written. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps its lines, in a list of the caller's if there is one. */
export function keepingLogger(lines: LogLine[] = []): { logger: Logger; lines: LogLine[] } {
  const keep =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields });
    };
  const logger: Logger = {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    child: () => logger,
  };
  return { logger, lines };
}

/** An observer to whom nothing matters, for one that hears a part. */
export const UNCONCERNED: KafkaObserver = {
  onAnswer: () => undefined,
  onAcked: () => undefined,
  onError: () => undefined,
  onUnanswered: () => undefined,
  onTrouble: () => undefined,
  onTroubleOver: () => undefined,
  onReconnect: () => undefined,
};

export interface TestClientOptions {
  readonly retryTimeoutMs?: number;
  readonly firstConnectTimeoutMs?: number;
  readonly deadlines?: Partial<Deadlines>;
  readonly lines?: LogLine[];
}

/** A connected client, closed when the spec ends. */
export async function connectClient(
  t: ExecutionContext,
  brokers: readonly string[] | ClientInit,
  options: TestClientOptions = {},
): Promise<KafkaClient> {
  const client = newClient(t, brokers, options);
  await client.connect();
  return client;
}

/** As {@link connectClient}, but not connected yet. */
export function newClient(
  t: ExecutionContext,
  brokers: readonly string[] | ClientInit,
  options: TestClientOptions = {},
): KafkaClient {
  const { logger, lines } = keepingLogger(options.lines);
  const client = openClient(isAddresses(brokers) ? { brokers: [...brokers] } : brokers, {
    logger,
    retryTimeoutMs: options.retryTimeoutMs ?? 10_000,
    ...(options.firstConnectTimeoutMs !== undefined && {
      firstConnectTimeoutMs: options.firstConnectTimeoutMs,
    }),
    deadlines: options.deadlines ?? {},
  });
  t.teardown(() => client.close());
  t.teardown(() => {
    if (!t.passed)
      for (const { level, message, fields } of lines) t.log(level, message, JSON.stringify(fields));
  });
  return client;
}

function isAddresses(brokers: readonly string[] | ClientInit): brokers is readonly string[] {
  return Array.isArray(brokers);
}

/** Partitions 0 to `count` of a topic. */
export function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
}

/** Start positions at one offset. */
export function startAt(partitions: readonly TopicPartition[], offset = 0): StartPosition[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition, offset, leaderEpoch: -1 }));
}

/**
 * Puts records with the values `${from}`, `${from + 1}` … into an accumulator, turning from
 * partition to partition.
 */
export function appendNumbers(
  accumulator: RecordAccumulator,
  topic: string,
  partitionCount: number,
  count: number,
  from = 0,
): void {
  for (let i = from; i < from + count; i++) {
    accumulator.append(
      topic,
      i % partitionCount,
      accumulator.measure({
        key: null,
        value: Buffer.from(String(i)),
        headers: [],
        timestamp: FIRST_TIMESTAMP + i,
      }),
    );
  }
}

/** Sends numbers as records, idempotently, with one flush. */
export async function sendNumbers(
  client: KafkaClient,
  topic: string,
  partitionCount: number,
  count: number,
  options: Partial<SinkOptions> & { from?: number } = {},
): Promise<void> {
  const { from = 0, ...sinkOptions } = options;
  const sink = client.sink({
    idempotent: true,
    compression: 'none',
    retryTimeoutMs: 10_000,
    ...sinkOptions,
  });
  const accumulator = sink.accumulator();
  appendNumbers(accumulator, topic, partitionCount, count, from);
  await accumulator.flush();
  await sink.close();
}

/** A budget that counts, with a bound. */
export class CountingBudget implements FetchBudget {
  readonly #bytes: number;
  #reserved = 0;
  #charged = 0;
  #waiting: (() => void)[] = [];
  /** The most that was reserved and charged together. */
  peak = 0;

  constructor(bytes = 64 * 1024 * 1024) {
    this.#bytes = bytes;
  }

  get available(): number {
    return this.#bytes - this.#reserved - this.#charged;
  }

  get reserved(): number {
    return this.#reserved;
  }

  reserve(bytes: number): number {
    const granted = Math.max(0, Math.min(bytes, this.available));
    this.#reserved += granted;
    this.#note();
    return granted;
  }

  release(bytes: number): void {
    this.#reserved -= bytes;
    this.#wake();
  }

  charge(bytes: number): void {
    this.#charged += bytes;
    this.#note();
  }

  refund(bytes: number): void {
    this.#charged -= bytes;
    this.#wake();
  }

  onceFree(callback: () => void): void {
    this.#waiting.push(callback);
  }

  #note(): void {
    this.peak = Math.max(this.peak, this.#reserved + this.#charged);
  }

  #wake(): void {
    if (this.available <= 0) return;
    for (const callback of this.#waiting.splice(0)) callback();
  }
}

/** What was reported, but for the topic id, which is another one in each run. */
export function withoutId({ topic, partition, offset, earliest, latest }: OutOfRange): OutOfRange {
  return { topic, partition, offset, earliest, latest };
}

/** Keeps all that a source delivers of its partitions. Values are read as numbers. */
export class Collector {
  readonly chunks: Chunk[] = [];
  readonly errors: (TopicPartition & { readonly error: KasperError })[] = [];
  readonly outOfRange: OutOfRange[] = [];
  readonly #values = new Map<string, number[]>();
  readonly #offsets = new Map<string, number[]>();
  onChunkHook: ((chunk: Chunk) => void) | undefined;
  onOutOfRangeHook: (at: OutOfRange) => number = (at) => at.earliest;

  /** Has a source read these partitions for it. */
  read(source: PartitionSource, positions: readonly StartPosition[]): void {
    for (const position of positions) source.add(position, this.reader(position));
  }

  reader({ topic, partition }: TopicPartition): PartitionReader {
    return {
      take: (chunk) => {
        this.#take(chunk);
      },
      outOfRange: (at) => {
        this.outOfRange.push(at);
        return this.onOutOfRangeHook(at);
      },
      failed: (error) => {
        this.errors.push({ topic, partition, error });
      },
    };
  }

  #take(chunk: Chunk): void {
    this.chunks.push(chunk);
    const key = `${chunk.topic}/${chunk.partition}`;
    for (const message of chunk.messages.slice()) {
      listIn(this.#values, key).push(Number(message.valueText));
      listIn(this.#offsets, key).push(message.offset);
    }
    this.onChunkHook?.(chunk);
  }

  get count(): number {
    let count = 0;
    for (const values of this.#values.values()) count += values.length;
    return count;
  }

  values(topic: string, partition: number): number[] {
    return this.#values.get(`${topic}/${partition}`) ?? [];
  }

  offsets(topic: string, partition: number): number[] {
    return this.#offsets.get(`${topic}/${partition}`) ?? [];
  }

  /** All values of a topic, ascending. */
  sorted(): number[] {
    return [...this.#values.values()].flat().sort((a, b) => a - b);
  }

  async untilCount(count: number, deadlineMs = 20_000): Promise<void> {
    await until(() => this.count >= count || this.errors.length > 0, {
      deadlineMs,
      what: `${count} records`,
    });
    const [failure] = this.errors;
    if (failure !== undefined) throw failure.error;
  }
}

function listIn(lists: Map<string, number[]>, key: string): number[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}

/** 0, 1, 2 … */
export function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

/** A source, closed when the spec ends. */
export function openSource(
  t: ExecutionContext,
  client: KafkaClient,
  options: Partial<SourceOptions> = {},
): PartitionSource {
  const source = client.source({
    isolation: 'read_committed',
    fetchMaxWaitMs: 100,
    retryTimeoutMs: 10_000,
    maxInflatedBytes: 64 * 1024 * 1024,
    budget: new CountingBudget(),
    ...options,
  });
  t.teardown(() => source.close());
  return source;
}

/** Reads everything from the start until `count` records came. */
export async function readAll(
  t: ExecutionContext,
  client: KafkaClient,
  topic: string,
  partitionCount: number,
  count: number,
): Promise<Collector> {
  const collector = new Collector();
  const source = openSource(t, client);
  collector.read(source, startAt(partitionsOf(topic, partitionCount)));
  await collector.untilCount(count);
  await source.close();
  return collector;
}
