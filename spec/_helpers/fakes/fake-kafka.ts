import type { KafkaAdmin } from '../../../source/kafka/admin.ts';
import type {
  Chunk,
  CommitResult,
  CommittedOffset,
  EpochEnd,
  GroupDescription,
  GroupOffsets,
  Isolation,
  KafkaClient,
  KafkaObserver,
  NewTopic,
  OffsetSpec,
  OffsetToCommit,
  OutgoingRecord,
  PartitionOffset,
  PartitionSource,
  RecordAccumulator,
  RecordSink,
  SourceOptions,
  StartPosition,
  TopicDescription,
} from '../../../source/kafka/client.ts';
import { BrokerError, ConnectionError, KasperError, ProduceError } from '../../../source/kernel/errors.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import { makeMessage, type MessageParts } from './messages.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';

/** Something the client was asked for, or `note` was told. */
export interface FakeCall {
  readonly name: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly count?: number;
  readonly groupId?: string;
  readonly offsets?: readonly PartitionOffset[];
}

/** Runs before the fake answers: throws to make the request fail, returns a promise to delay it. */
export type Interceptor = (call: FakeCall) => void | Promise<void>;

type Where = (call: FakeCall) => boolean;

/** Calls that wait until they are let go. */
export interface Gate {
  readonly waiting: readonly FakeCall[];
  /** Lets those that wait, and all that come later, pass. */
  open(): void;
}

export interface FakeKafkaOptions {
  /** Records in a chunk at most. Default 100. */
  readonly chunkRecords?: number | (() => number);
  /** Bytes that a source reserves for each fetch. Default 64 KiB. */
  readonly fetchBytes?: number;
  /** A chunk keeps so many times the bytes of its messages in memory. Default 1. */
  readonly memoryFactor?: number;
}

const FIRST_EPOCH = 7;

/** The log of one partition: offsets without a message are markers, aborted records or compacted gaps. */
class FakeLog {
  readonly messages = new Map<number, ConsumerMessage>();
  start = 0;
  end = 0;
  /** The first offset of each leader epoch that began after the first one. */
  readonly epochStarts: number[] = [];
  /** The first offset of an open transaction. */
  stable: number | undefined;

  get leaderEpoch(): number {
    return FIRST_EPOCH + this.epochStarts.length;
  }

  /** As a leader answers: undefined for an epoch that it does not know. */
  endOfEpoch(epoch: number): number | undefined {
    if (epoch > this.leaderEpoch) return undefined;
    return this.epochStarts[epoch - FIRST_EPOCH] ?? this.end;
  }

  visibleEnd(isolation: Isolation): number {
    return isolation === 'read_committed' ? Math.min(this.stable ?? this.end, this.end) : this.end;
  }
}

/**
 * Kafka in memory, behind the port that the pipeline uses: no sockets, no time of its own. Requests are answered in the order they came, each in a turn of
 * the event loop of its own, so that a run is the same every time.
 *
 * It does not simulate brokers, leaders, request sizes, sequence numbers or group members.
 */
export class FakeKafka {
  /** All that was asked, and noted, in order. */
  readonly calls: FakeCall[] = [];
  readonly options: FakeKafkaOptions;
  readonly sources = new Set<FakeSource>();
  readonly #logs = new Map<string, FakeLog>();
  readonly #topics = new Map<string, number>();
  readonly #topicIds = new Map<string, string>();
  #topicsMade = 0;
  /** Groups as they are described. */
  readonly groups = new Map<string, GroupDescription>();
  /** Partitions, as `topic/0`, that are described without a leader. */
  readonly leaderless = new Set<string>();
  /** Whether brokers serve OffsetForLeaderEpoch. */
  servesEpochs = true;
  /** Whether brokers tell topic ids. */
  tellsTopicIds = true;
  readonly #groups = new Map<string, Map<string, CommittedOffset>>();
  readonly #interceptors = new Map<string, Set<Interceptor>>();
  #busy = 0;

  constructor(options: FakeKafkaOptions = {}) {
    this.options = options;
  }

  // What a test prepares and looks at.

  /** Creates a topic, or makes it anew: empty, with another topic id. */
  createTopic(topic: string, partitionCount = 1): this {
    this.#topics.set(topic, partitionCount);
    this.#topicIds.set(topic, (++this.#topicsMade).toString(16).padStart(32, '0'));
    for (let partition = 0; partition < partitionCount; partition++)
      this.#logs.set(`${topic}/${partition}`, new FakeLog());
    return this;
  }

  /** Appends records, text standing for a value. */
  append(topic: string, partition: number, ...records: (string | MessageParts)[]): this {
    const log = this.log({ topic, partition });
    for (const record of records) {
      const parts = typeof record === 'string' ? { value: record } : record;
      const offset = log.end++;
      log.messages.set(offset, makeMessage({ ...parts, topic, partition, offset }));
    }
    this.#wakeSources();
    return this;
  }

  /** Appends `count` records that are numbered. */
  fill(topic: string, partition: number, count: number, parts: MessageParts = {}): this {
    const first = this.log({ topic, partition }).end;
    return this.append(
      topic,
      partition,
      ...Array.from({ length: count }, (_none, at) => ({ value: `${topic}${first + at}`, ...parts })),
    );
  }

  /** Offsets that hold no record: transaction markers, aborted records, or what compaction took away. */
  appendGap(topic: string, partition: number, count = 1): this {
    this.log({ topic, partition }).end += count;
    this.#wakeSources();
    return this;
  }

  /** What is appended from now on belongs to a transaction that is open. */
  beginTransaction(topic: string, partition: number): this {
    const log = this.log({ topic, partition });
    log.stable = log.end;
    return this;
  }

  /** Ends it, with its marker. */
  endTransaction(topic: string, partition: number): this {
    this.log({ topic, partition }).stable = undefined;
    return this.appendGap(topic, partition);
  }

  /** Retention: deletes what is before `offset`. */
  deleteBefore(topic: string, partition: number, offset: number): this {
    const log = this.log({ topic, partition });
    log.start = offset;
    log.end = Math.max(log.end, offset);
    for (const each of [...log.messages.keys()]) if (each < offset) log.messages.delete(each);
    this.#wakeSources();
    return this;
  }

  /** An unclean leader election, or a topic made anew: the log ends at `offset` now. */
  truncate(topic: string, partition: number, offset: number): this {
    const log = this.log({ topic, partition });
    log.end = offset;
    log.start = Math.min(log.start, offset);
    for (const each of [...log.messages.keys()]) if (each >= offset) log.messages.delete(each);
    this.#wakeSources();
    return this;
  }

  /** Deletes the topic and makes it anew, empty and with another id; group offsets stay, as they do where a broker is slow to forget them. */
  recreate(topic: string): this {
    const partitionCount = this.#topics.get(topic) ?? 1;
    return this.createTopic(topic, partitionCount);
  }

  deleteTopic(topic: string): this {
    this.#topics.delete(topic);
    return this;
  }

  /** Gives it so many partitions in all; those that it has stay as they are. */
  addPartitions(topic: string, partitionCount: number): this {
    this.#topics.set(topic, partitionCount);
    for (let partition = 0; partition < partitionCount; partition++) {
      const key = `${topic}/${partition}`;
      if (!this.#logs.has(key)) this.#logs.set(key, new FakeLog());
    }
    return this;
  }

  /** Another leader; with its epoch what is appended later is marked. */
  moveLeader(topic: string, partition: number): this {
    const log = this.log({ topic, partition });
    log.epochStarts.push(log.end);
    return this;
  }

  /** The records of a topic, partition by partition. */
  records(topic: string): ConsumerMessage[] {
    const found: ConsumerMessage[] = [];
    for (let partition = 0; partition < (this.#topics.get(topic) ?? 0); partition++)
      found.push(...this.log({ topic, partition }).messages.values());
    return found;
  }

  /** Their values as text. */
  values(topic: string): (string | null)[] {
    return this.records(topic).map(({ valueText }) => valueText);
  }

  committed(groupId: string, topic: string, partition: number): number | undefined {
    return this.#groups.get(groupId)?.get(`${topic}/${partition}`)?.offset;
  }

  setCommitted(
    groupId: string,
    topic: string,
    partition: number,
    offset: number,
    epochOrMetadata: number | string = -1,
  ): this {
    this.#offsetsOf(groupId).set(`${topic}/${partition}`, {
      topic,
      partition,
      offset,
      leaderEpoch: typeof epochOrMetadata === 'number' ? epochOrMetadata : -1,
      metadata: typeof epochOrMetadata === 'string' ? epochOrMetadata : '',
    });
    return this;
  }

  /** Deletes all offsets of a group, as a tool may. */
  forgetGroup(groupId: string): void {
    this.#groups.delete(groupId);
  }

  /** Adds a line to {@link calls}, to see in which order things happen. */
  note(name: string): void {
    this.calls.push({ name });
  }

  /** The names of the calls that `names` lists, in order. */
  order(...names: string[]): string[] {
    return this.calls.map(({ name }) => name).filter((name) => names.includes(name));
  }

  callsOf(name: string): FakeCall[] {
    return this.calls.filter((call) => call.name === name);
  }

  // What a test does to requests. `commitOffset` stands for one entry of a commit: what is thrown there is that entry's error.

  intercept(name: string, interceptor: Interceptor): () => void {
    let interceptors = this.#interceptors.get(name);
    if (interceptors === undefined) this.#interceptors.set(name, (interceptors = new Set()));
    interceptors.add(interceptor);
    return () => interceptors.delete(interceptor);
  }

  /** Makes the next calls fail. Default: one. */
  fail(
    name: string,
    error: Error,
    { times = 1, where = () => true }: { times?: number; where?: Where } = {},
  ): void {
    let left = times;
    this.intercept(name, (call) => {
      if (left <= 0 || !where(call)) return;
      left--;
      throw error;
    });
  }

  /** Keeps calls waiting. */
  hold(name: string, where: Where = () => true): Gate {
    const waiting: FakeCall[] = [];
    let letGo: (() => void) | undefined;
    const isOpen = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const end = this.intercept(name, (call) => {
      if (!where(call)) return;
      waiting.push(call);
      return isOpen;
    });
    return {
      waiting,
      open: () => {
        end();
        letGo?.();
      },
    };
  }

  /** Resolves when nothing is under way any more but what is held. */
  async quiet(): Promise<void> {
    let still = 0;
    for (let turn = 0; turn < 100_000; turn++) {
      await nextTurn();
      still = this.#busy === 0 ? still + 1 : 0;
      if (still === 6) return;
    }
    throw new Error(`FakeKafka never came to rest; the last calls: ${JSON.stringify(this.calls.slice(-10))}`);
  }

  client(): FakeClient {
    return new FakeClient(this);
  }

  // For the client.

  log({ topic, partition }: TopicPartition): FakeLog {
    const log = this.#logs.get(`${topic}/${partition}`);
    if (log === undefined) {
      throw new BrokerError(`${topic}/${partition} does not exist`, {
        brokerCode: 3,
        brokerError: 'UNKNOWN_TOPIC_OR_PARTITION',
        retriable: false,
      });
    }
    return log;
  }

  partitionCount(topic: string): number | undefined {
    return this.#topics.get(topic);
  }

  topicId(topic: string): string | undefined {
    return this.tellsTopicIds ? this.#topicIds.get(topic) : undefined;
  }

  /** Records the call and answers it in a later turn, if no interceptor has it fail. */
  async answer(call: FakeCall): Promise<void> {
    this.calls.push(call);
    await this.busy(nextTurn());
    for (const interceptor of [...(this.#interceptors.get(call.name) ?? [])]) {
      const delay = interceptor(call);
      if (delay === undefined) continue;
      await delay;
      await this.busy(nextTurn());
    }
  }

  /** What is awaited keeps {@link quiet} waiting. */
  async busy(work: Promise<void>): Promise<void> {
    this.#busy++;
    try {
      await work;
    } finally {
      this.#busy--;
    }
  }

  topicNames(): string[] {
    return [...this.#topics.keys()].sort();
  }

  /** Those that have committed something. */
  groupIds(): string[] {
    return [...this.#groups].flatMap(([id, offsets]) => (offsets.size > 0 ? [id] : [])).sort();
  }

  allCommitted(groupId: string): (CommittedOffset & PartitionOffset)[] {
    return [...this.#offsetsOf(groupId).values()]
      .flatMap((entry) => (entry.offset === undefined ? [] : [{ ...entry, offset: entry.offset }]))
      .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  }

  committedOf(groupId: string, { topic, partition }: TopicPartition): CommittedOffset {
    return (
      this.#offsetsOf(groupId).get(`${topic}/${partition}`) ?? {
        topic,
        partition,
        offset: undefined,
        leaderEpoch: -1,
        metadata: '',
      }
    );
  }

  store(groupId: string, offsets: readonly OffsetToCommit[]): CommitResult[] {
    const results = offsets.map((entry): CommitResult => {
      const { topic, partition, offset, leaderEpoch, metadata } = entry;
      try {
        for (const interceptor of [...(this.#interceptors.get('commitOffset') ?? [])])
          void interceptor({ name: 'commitOffset', topic, partition, offset });
      } catch (error) {
        if (!KasperError.is(error)) throw error;
        return { topic, partition, offset, error };
      }
      this.#offsetsOf(groupId).set(`${topic}/${partition}`, {
        topic,
        partition,
        offset,
        leaderEpoch,
        metadata,
      });
      return { topic, partition, offset, error: undefined };
    });
    this.calls.push({
      name: 'committed',
      groupId,
      offsets: results
        .filter(({ error }) => error === undefined)
        .map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    });
    return results;
  }

  #offsetsOf(groupId: string): Map<string, CommittedOffset> {
    let offsets = this.#groups.get(groupId);
    if (offsets === undefined) this.#groups.set(groupId, (offsets = new Map<string, CommittedOffset>()));
    return offsets;
  }

  #wakeSources(): void {
    for (const source of this.sources) source.wake();
  }
}

/** One client's view of a {@link FakeKafka}. */
export class FakeClient implements KafkaClient {
  readonly #kafka: FakeKafka;
  readonly #whenClosed: Promise<never>;
  #rejectAll: ((error: Error) => void) | undefined;
  #closed: Promise<void> | undefined;
  observer: KafkaObserver | undefined;

  constructor(kafka: FakeKafka) {
    this.#kafka = kafka;
    this.#whenClosed = new Promise<never>((_resolve, reject) => {
      this.#rejectAll = reject;
    });
    // Nobody may be waiting when it closes.
    this.#whenClosed.catch(() => undefined);
  }

  observe(observer: KafkaObserver): void {
    this.observer = observer;
  }

  connect(): Promise<void> {
    return this.ask({ name: 'connect' });
  }

  async describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    await this.ask({ name: 'describeTopics' });
    const found = new Map<string, TopicDescription>();
    for (const topic of topics) {
      const partitionCount = this.#kafka.partitionCount(topic);
      if (partitionCount !== undefined)
        found.set(topic, { topic, topicId: this.#kafka.topicId(topic), partitionCount });
    }
    return found;
  }

  async leaderEpochEnds(positions: readonly StartPosition[]): Promise<EpochEnd[] | undefined> {
    await this.ask({ name: 'leaderEpochEnds', offsets: positions });
    if (!this.#kafka.servesEpochs) return undefined;
    return positions.map(({ topic, partition, leaderEpoch }) => ({
      topic,
      partition,
      endOffset: this.#kafka.log({ topic, partition }).endOfEpoch(leaderEpoch),
    }));
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    await this.ask({ name: 'describeGroup', groupId });
    return this.#kafka.groups.get(groupId) ?? { state: 'Dead', protocolType: '', members: [] };
  }

  async createTopics(topics: readonly NewTopic[]): Promise<string[]> {
    await this.ask({ name: 'createTopics' });
    const missing = topics.filter(({ topic }) => this.#kafka.partitionCount(topic) === undefined);
    for (const { topic, partitionCount } of missing) this.#kafka.createTopic(topic, partitionCount);
    return missing.map(({ topic }) => topic);
  }

  async listOffsets(
    spec: OffsetSpec,
    partitions: readonly TopicPartition[],
    isolation: Isolation,
  ): Promise<PartitionOffset[]> {
    await this.ask({ name: 'listOffsets' });
    return partitions.map(({ topic, partition }) => {
      const log = this.#kafka.log({ topic, partition });
      if (spec === 'earliest') return { topic, partition, offset: log.start };
      const end = log.visibleEnd(isolation);
      if (spec === 'latest') return { topic, partition, offset: end };
      const found = [...log.messages.values()].find(({ timestamp }) => timestamp >= spec.timestamp);
      return { topic, partition, offset: Math.min(found?.offset ?? end, end) };
    });
  }

  group(groupId: string): GroupOffsets {
    return {
      fetch: async (partitions) => {
        await this.ask({ name: 'fetchOffsets', groupId });
        return partitions.map((partition) => this.#kafka.committedOf(groupId, partition));
      },
      fetchAll: async () => {
        await this.ask({ name: 'fetchAllOffsets', groupId });
        return this.#kafka.allCommitted(groupId);
      },
      commit: async (offsets) => {
        await this.ask({ name: 'commit', groupId, offsets });
        return this.#kafka.store(groupId, offsets);
      },
    };
  }

  /** Topics with one replica at broker 1, without settings. */
  admin(): KafkaAdmin {
    return {
      describeTopics: async (topics) => {
        await this.ask({ name: 'describeAllTopics' });
        return (topics ?? this.#kafka.topicNames()).flatMap((topic) => {
          const partitionCount = this.#kafka.partitionCount(topic);
          if (partitionCount === undefined) return [];
          const topicId = this.#kafka.topicId(topic);
          const partitions = Array.from({ length: partitionCount }, (_none, partition) => ({
            partition,
            leader: this.#kafka.leaderless.has(`${topic}/${partition}`) ? undefined : 1,
            replicas: [1],
            inSyncReplicas: [1],
          }));
          return [{ topic, topicId, internal: false, partitions }];
        });
      },
      listGroups: async () => {
        await this.ask({ name: 'listGroups' });
        return this.#kafka.groupIds();
      },
      topicSettings: async (topics) => {
        await this.ask({ name: 'topicSettings' });
        return topics.map((topic) => ({ topic, settings: [], error: undefined }));
      },
    };
  }

  source(options: SourceOptions): PartitionSource {
    return new FakeSource(this.#kafka, options);
  }

  sink(): RecordSink {
    const known = new Map<string, number>();
    return {
      partitionCount: (topic) => known.get(topic),
      loadTopic: async (topic) => {
        await this.ask({ name: 'loadTopic', topic });
        const partitionCount = this.#kafka.partitionCount(topic);
        if (partitionCount === undefined) throw new ProduceError(`Topic '${topic}' does not exist`);
        known.set(topic, partitionCount);
        return partitionCount;
      },
      encodedBytes,
      accumulator: () => new FakeAccumulator(this.#kafka, this),
      close: () => this.#kafka.answer({ name: 'closeSink' }),
    };
  }

  close(): Promise<void> {
    this.#rejectAll?.(new ConnectionError('The client is closed'));
    this.#closed ??= this.#kafka.answer({ name: 'close' });
    return this.#closed;
  }

  /** A request: fails if the client is closed, before or meanwhile. */
  ask(call: FakeCall): Promise<void> {
    if (this.#closed !== undefined) return this.#whenClosed;
    const answered = this.#kafka.answer(call).then(() => this.observer?.onAnswer(call.name, 1));
    return Promise.race([answered, this.#whenClosed]);
  }
}

interface FakePosition extends TopicPartition {
  position: number;
  epoch: number;
  paused: boolean;
  failed: boolean;
  /** What was last told of the log's ends. */
  told: string;
}

/** Delivers one chunk after another, the partitions in turn. */
class FakeSource implements PartitionSource {
  readonly #kafka: FakeKafka;
  readonly #options: SourceOptions;
  #positions: FakePosition[] = [];
  #turn = 0;
  #running = false;
  #waitsForRoom = false;
  #closed = false;

  constructor(kafka: FakeKafka, options: SourceOptions) {
    this.#kafka = kafka;
    this.#options = options;
  }

  start(positions: readonly StartPosition[]): void {
    this.#kafka.note('startSource');
    this.#kafka.sources.add(this);
    this.#positions = positions.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      position: offset,
      epoch: 1,
      paused: false,
      failed: false,
      told: '',
    }));
    this.wake();
  }

  pause(partition: TopicPartition): void {
    const { topic, partition: at } = partition;
    this.#kafka.calls.push({ name: 'pause', topic, partition: at });
    this.#positionOf(partition).paused = true;
  }

  resume(partition: TopicPartition): void {
    const { topic, partition: at } = partition;
    this.#kafka.calls.push({ name: 'resume', topic, partition: at });
    this.#positionOf(partition).paused = false;
    this.wake();
  }

  seek(partition: TopicPartition, offset: number): number {
    const position = this.#positionOf(partition);
    this.#kafka.calls.push({ name: 'seek', topic: position.topic, partition: position.partition, offset });
    position.position = offset;
    this.wake();
    return ++position.epoch;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#kafka.sources.delete(this);
    return this.#kafka.answer({ name: 'closeSource' });
  }

  /** Looks whether there is something to deliver. */
  wake(): void {
    if (this.#running || this.#closed || this.#waitsForRoom) return;
    this.#running = true;
    void this.#kafka.busy(nextTurn()).then(() => this.#deliverAll());
  }

  async #deliverAll(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { budget } = this.#options;
      const granted = budget.reserve(this.#kafka.options.fetchBytes ?? 64 * 1024);
      if (granted === 0) {
        this.#waitsForRoom = true;
        this.#kafka.note('noRoom');
        budget.onceFree(() => {
          this.#waitsForRoom = false;
          this.wake();
        });
        break;
      }
      await this.#fetch(next);
      budget.release(granted);
    }
    this.#running = false;
  }

  async #fetch(at: FakePosition): Promise<void> {
    const { topic, partition, position, epoch } = at;
    try {
      await this.#kafka.answer({ name: 'fetch', topic, partition, offset: position });
    } catch (error) {
      at.failed = true;
      if (!this.#closed) this.#options.handler.onError(error as KasperError, [{ topic, partition }]);
      return;
    }
    if (this.#closed || at.epoch !== epoch) return;
    const log = this.#kafka.log(at);
    if (position < log.start || position > log.end) this.#leaveRange(at, log);
    else this.#deliver(at, log);
  }

  #deliver(at: FakePosition, log: FakeLog): void {
    const { chunkRecords = 100, memoryFactor = 1 } = this.#kafka.options;
    const most = typeof chunkRecords === 'function' ? chunkRecords() : chunkRecords;
    const end = log.visibleEnd(this.#options.isolation);
    const messages: ConsumerMessage[] = [];
    let offset = at.position;
    // Either records one behind another, or the gap before them.
    for (; offset < end && messages.length < most; offset++) {
      const message = log.messages.get(offset);
      if (message !== undefined) messages.push(message);
      else if (messages.length > 0) break;
      else if (log.messages.has(offset + 1)) {
        offset++;
        break;
      }
    }
    at.position = Math.max(at.position, offset);
    at.told = this.#endsOf(at);
    const { topic, partition, epoch } = at;
    const chunk: Chunk = {
      topic,
      partition,
      epoch,
      messages,
      nextOffset: at.position,
      leaderEpoch: log.leaderEpoch,
      topicId: this.#kafka.topicId(topic),
      highWatermark: log.end,
      lastStableOffset: log.visibleEnd('read_committed'),
      logStartOffset: log.start,
      bytes: memoryFactor * messages.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    this.#options.handler.onChunk(chunk);
  }

  #leaveRange(at: FakePosition, log: FakeLog): void {
    const { topic, partition, position } = at;
    const { handler } = this.#options;
    try {
      at.position = handler.onOutOfRange({
        topic,
        partition,
        offset: position,
        earliest: log.start,
        latest: log.end,
        topicId: this.#kafka.topicId(topic),
      });
    } catch (error) {
      at.failed = true;
      handler.onError(error as KasperError, [{ topic, partition }]);
    }
  }

  #next(): FakePosition | undefined {
    if (this.#closed) return undefined;
    const first = this.#turn % Math.max(1, this.#positions.length);
    for (const at of [...this.#positions.slice(first), ...this.#positions.slice(0, first)]) {
      this.#turn++;
      if (!at.paused && !at.failed && this.#hasNews(at)) return at;
    }
    return undefined;
  }

  #hasNews(at: FakePosition): boolean {
    const log = this.#kafka.log(at);
    const end = log.visibleEnd(this.#options.isolation);
    return at.position < end || at.position > log.end || at.told !== this.#endsOf(at);
  }

  #endsOf(at: TopicPartition): string {
    const log = this.#kafka.log(at);
    return `${log.start} ${log.stable ?? ''} ${log.end}`;
  }

  #positionOf({ topic, partition }: TopicPartition): FakePosition {
    const found = this.#positions.find((each) => each.topic === topic && each.partition === partition);
    if (found === undefined) throw new Error(`${topic}/${partition} was not given to this source`);
    return found;
  }
}

interface Pile {
  readonly topic: string;
  readonly partition: number;
  readonly records: MessageParts[];
  bytes: number;
}

/** Holds records until they are sent; a partition whose produce fails keeps its own. */
class FakeAccumulator implements RecordAccumulator {
  readonly #kafka: FakeKafka;
  readonly #client: FakeClient;
  readonly #piles = new Map<string, Pile>();
  #flushed: Promise<void> = Promise.resolve();

  constructor(kafka: FakeKafka, client: FakeClient) {
    this.#kafka = kafka;
    this.#client = client;
  }

  get count(): number {
    let count = 0;
    for (const { records } of this.#piles.values()) count += records.length;
    return count;
  }

  get bytes(): number {
    let bytes = 0;
    for (const pile of this.#piles.values()) bytes += pile.bytes;
    return bytes;
  }

  append(topic: string, partition: number, record: OutgoingRecord): number {
    const key = `${topic}/${partition}`;
    const pile = this.#piles.get(key) ?? { topic, partition, records: [], bytes: 0 };
    this.#piles.set(key, pile);
    const bytes = encodedBytes(record);
    pile.records.push({
      key: copy(record.key),
      value: copy(record.value),
      headers: headerPairs(record).map(([name, value]) => [name, copy(value)]),
      timestamp: record.timestamp,
    });
    pile.bytes += bytes;
    return bytes;
  }

  flush(): Promise<void> {
    const flushed = this.#flushed.then(() => this.#flushOnce());
    // Its failure is told to its own caller.
    this.#flushed = flushed.catch(() => undefined);
    return flushed;
  }

  async #flushOnce(): Promise<void> {
    const outcomes = await Promise.all([...this.#piles.values()].map((pile) => this.#send(pile)));
    const failed = outcomes.filter(({ error }) => error !== undefined);
    if (failed.length === 0) return;
    throw new ProduceError(
      `Records could not be sent: ${failed.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')}`,
      { acked: outcomes.filter(({ error }) => error === undefined), failed, cause: failed[0]?.error },
    );
  }

  clear(): void {
    this.#piles.clear();
  }

  async #send(pile: Pile) {
    const { topic, partition } = pile;
    const records = pile.records.splice(0);
    const { bytes } = pile;
    const outcome = { topic, partition, records: records.length };
    if (records.length === 0) return { ...outcome, error: undefined };
    try {
      await this.#client.ask({ name: 'produce', topic, partition, count: records.length });
    } catch (error) {
      pile.records.unshift(...records);
      this.#client.observer?.onError('Produce', error as KasperError, [{ topic, partition }]);
      return { ...outcome, error };
    }
    pile.bytes -= bytes;
    this.#client.observer?.onAcked(topic, partition, records.length, bytes);
    this.#kafka.append(topic, partition, ...records.map((record) => ({ value: null, ...record })));
    this.#kafka.calls.push({ name: 'produced', topic, partition, count: records.length });
    return { ...outcome, error: undefined };
  }
}

/** About what a record takes in a batch. */
export function encodedBytes(record: OutgoingRecord): number {
  let bytes = 20 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of headerPairs(record)) bytes += name.length + (value?.length ?? 0) + 2;
  return bytes;
}

function headerPairs({ headers }: OutgoingRecord): (readonly [string, Uint8Array | string | null])[] {
  if (headers === undefined) return [];
  if (Symbol.iterator in headers)
    return [...(headers as Iterable<readonly [string, Uint8Array | string | null]>)];
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map(
      (each) => [name, each as Uint8Array | string | null] as const,
    ),
  );
}

function copy(bytes: Uint8Array | string | null): Buffer | null {
  if (typeof bytes === 'string') return Buffer.from(bytes);
  return bytes === null ? null : Buffer.from(bytes);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
