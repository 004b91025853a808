import { LifecycleError } from '../../../kernel/errors.ts';
import { stampBatch } from '../../records/record-batch-builder.ts';
import type { QueuedBatch } from './flush-ticket.ts';
import type { ProducerId } from './producer-ids.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

/** Sequence numbers are 31 bits and start again at 0. */
const SEQUENCES = 0x8000_0000;

/**
 * The batches on their way to one partition, oldest first. Only the head is ever in flight: then an
 * answer is always about the oldest unanswered batch, and nothing can overtake. (Two in flight
 * brought no more throughput when measured: a broker serves one request per connection at a time.)
 */
export class PartitionQueue implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly batches: QueuedBatch[] = [];
  /**
   * Uncompressed size of the largest batch of the last flush; a little more is expected of the next
   * one.
   */
  lastBytes = 0;
  /**
   * In flight, offered to a broker's loop, backing off, or waiting for metadata or a producer id.
   */
  busy = false;
  /** Since when, on the monotonic clock, nothing but failures came; undefined after a success. */
  failingSince: number | undefined;
  attempts = 0;
  /** The id that must not be used here any more. */
  retired: ProducerId | undefined;
  #producer: ProducerId | undefined;
  #nextSequence = 0;
  #headSequence = 0;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
  }

  get producer(): ProducerId | undefined {
    return this.#producer;
  }

  /** Takes a producer id; sequence numbers start at 0. */
  useProducer(producer: ProducerId): void {
    this.#producer = producer;
    this.#nextSequence = 0;
  }

  /**
   * Lets go of the producer id: some of its sequence numbers may be used up, nobody knows which.
   */
  retireProducer(): void {
    this.retired = this.#producer ?? this.retired;
    this.#producer = undefined;
  }

  /**
   * The bytes of the head, for an attempt to send them. Producer and sequence are written with the
   * first attempt under an id; a repeat is the same to the byte.
   */
  takeHead(): Buffer {
    const [head] = this.batches;
    if (head === undefined) throw new LifecycleError(`Nothing waits for ${this.topic}/${this.partition}`);
    if (head.sent === 0 || head.stampedFor !== this.#producer) this.#stamp(head);
    head.sent += 1;
    return head.sealed.bytes;
  }

  /** The head is stored: its sequence numbers are used up. */
  headAcked(): void {
    const head = this.batches.shift();
    if (head !== undefined) this.#nextSequence = (this.#headSequence + head.sealed.count) % SEQUENCES;
    this.failingSince = undefined;
    this.attempts = 0;
  }

  #stamp(head: QueuedBatch): void {
    head.stampedFor = this.#producer;
    this.#headSequence = this.#nextSequence;
    stampBatch(
      head.sealed,
      this.#producer && {
        producerId: this.#producer.producerId,
        epoch: this.#producer.epoch,
        baseSequence: this.#headSequence,
        transactional: this.#producer.transactional === true,
      },
    );
  }
}
