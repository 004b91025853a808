import type { StartPosition } from '../../kafka/log-position.ts';
import type { Chunk, PartitionReader, PartitionSource, SourceOptions } from '../../kafka/source.ts';
import { type KasperError, LifecycleError } from '../../kernel/errors.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { ConsumerMessage } from '../../message.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { FakeLog } from './fake-log.ts';
import { nextTurn } from './fake-requests.ts';

/** Delivers one chunk after another, the partitions in turn. */
export class FakeSource implements PartitionSource {
  readonly #cluster: FakeCluster;
  readonly #options: SourceOptions;
  readonly #positions: FakePosition[] = [];
  #started = false;
  #turn = 0;
  #running = false;
  #waitsForRoom = false;
  #closed = false;

  constructor(cluster: FakeCluster, options: SourceOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  add({ topic, partition, offset }: StartPosition, reader: PartitionReader): void {
    if (this.#closed) throw new LifecycleError('The source is closed');
    if (this.#find({ topic, partition }) !== undefined)
      throw new LifecycleError(`${topic}/${partition} is read by this source already`);
    if (!this.#started) this.#cluster.note('startSource');
    this.#started = true;
    this.#cluster.sources.add(this);
    const at = { topic, partition, reader, position: offset };
    this.#positions.push({ ...at, epoch: 1, paused: false, state: 'read', ends: '' });
    this.wake();
  }

  remove(partition: TopicPartition): void {
    const at = this.#find(partition);
    if (at === undefined) return;
    at.state = 'removed';
    this.#positions.splice(this.#positions.indexOf(at), 1);
  }

  pause(partition: TopicPartition): void {
    const { topic, partition: at } = partition;
    this.#cluster.calls.push({ name: 'pause', topic, partition: at });
    this.#positionOf(partition).paused = true;
  }

  resume(partition: TopicPartition): void {
    const { topic, partition: at } = partition;
    this.#cluster.calls.push({ name: 'resume', topic, partition: at });
    this.#positionOf(partition).paused = false;
    this.wake();
  }

  seek(partition: TopicPartition, offset: number): number {
    const position = this.#positionOf(partition);
    if (position.state === 'failed')
      throw new LifecycleError(`${position.topic}/${position.partition} has failed and is no longer read`);
    this.#cluster.calls.push({ name: 'seek', topic: position.topic, partition: position.partition, offset });
    position.position = offset;
    this.wake();
    return ++position.epoch;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#cluster.sources.delete(this);
    return this.#cluster.answer({ name: 'closeSource' });
  }

  /** Looks whether there is something to deliver. */
  wake(): void {
    if (this.#running || this.#closed || this.#waitsForRoom) return;
    this.#running = true;
    void this.#cluster.busy(nextTurn()).then(() => this.#deliverAll());
  }

  async #deliverAll(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { budget } = this.#options;
      const granted = budget.reserve(this.#cluster.options.fetchBytes ?? 64 * 1024);
      if (granted === 0) {
        this.#waitsForRoom = true;
        this.#cluster.note('noRoom');
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
      await this.#cluster.answer({ name: 'fetch', topic, partition, offset: position });
    } catch (error) {
      if (!this.#closed) this.#giveUp(at, error as KasperError);
      return;
    }
    if (this.#closed || at.state !== 'read' || at.epoch !== epoch) return;
    const log = this.#cluster.log(at);
    if (position < log.start || position > log.end) this.#leaveRange(at, log);
    else this.#deliver(at, log);
  }

  #deliver(at: FakePosition, log: FakeLog): void {
    const { chunkRecords = 100, memoryFactor = 1 } = this.#cluster.options;
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
    at.ends = this.#endsOf(at);
    const { topic, partition, epoch } = at;
    const chunk: Chunk = {
      topic,
      partition,
      epoch,
      messages,
      nextOffset: at.position,
      leaderEpoch: log.leaderEpoch,
      topicId: this.#cluster.topicId(topic),
      highWatermark: log.end,
      lastStableOffset: log.visibleEnd('read_committed'),
      logStartOffset: log.start,
      bytes: memoryFactor * messages.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    at.reader.take(chunk);
  }

  #leaveRange(at: FakePosition, log: FakeLog): void {
    const { topic, partition, position: offset } = at;
    const topicId = this.#cluster.topicId(topic);
    try {
      at.position = at.reader.outOfRange({
        topic,
        partition,
        offset,
        earliest: log.start,
        latest: log.end,
        topicId,
      });
    } catch (error) {
      this.#giveUp(at, error as KasperError);
    }
  }

  #giveUp(at: FakePosition, error: KasperError): void {
    if (at.state !== 'read') return;
    at.state = 'failed';
    at.reader.failed(error);
  }

  #next(): FakePosition | undefined {
    if (this.#closed) return undefined;
    const first = this.#turn % Math.max(1, this.#positions.length);
    for (const at of [...this.#positions.slice(first), ...this.#positions.slice(0, first)]) {
      this.#turn++;
      if (!at.paused && at.state === 'read' && this.#hasNews(at)) return at;
    }
    return undefined;
  }

  #hasNews(at: FakePosition): boolean {
    const log = this.#cluster.log(at);
    const end = log.visibleEnd(this.#options.isolation);
    return at.position < end || at.position > log.end || at.ends !== this.#endsOf(at);
  }

  #endsOf(at: TopicPartition): string {
    const log = this.#cluster.log(at);
    return `${log.start} ${log.stable ?? ''} ${log.end}`;
  }

  #positionOf(partition: TopicPartition): FakePosition {
    const found = this.#find(partition);
    if (found !== undefined) return found;
    throw new LifecycleError(`${partition.topic}/${partition.partition} is not read by this source`);
  }

  #find({ topic, partition }: TopicPartition): FakePosition | undefined {
    return this.#positions.find((each) => each.topic === topic && each.partition === partition);
  }
}

interface FakePosition extends TopicPartition {
  readonly reader: PartitionReader;
  position: number;
  epoch: number;
  paused: boolean;
  /** Once it has failed or was removed, nothing more is delivered. */
  state: 'read' | 'failed' | 'removed';
  /** The last ends of the log that were delivered. */
  ends: string;
}
