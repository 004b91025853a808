import type { HeaderValue } from '../message.ts';

/** Sends records. One per processor; it owns the producer id and the sequence numbers. */
export interface RecordSink {
  /**
   * The number of partitions of a topic if it is known already, else undefined: then call
   * {@link loadTopic}. It follows the topic: asked before each record, it may be another one.
   */
  partitionCount(topic: string): number | undefined;
  /**
   * Learns a topic's partitions (Metadata).
   * @throws ProduceError that names the topic, if it does not exist
   */
  loadTopic(topic: string): Promise<number>;
  /** An empty buffer for records of one sender. */
  accumulator(): RecordAccumulator;
  /** Waits for requests in flight, then releases everything. */
  close(): Promise<void>;
}

/**
 * Records encoded and waiting to be sent, in order per partition. Belongs to one sender; not
 * shared.
 */
export interface RecordAccumulator {
  /** Records held. */
  readonly count: number;
  /** Encoded bytes held. */
  readonly bytes: number;
  /**
   * Measures a record, once for all that follows: what is measured here can be checked against
   * limits, and appended then or later.
   *
   * @throws ConfigError that names a header with a wrong value
   */
  measure(record: OutgoingRecord): MeasuredRecord;
  /** Encodes a copy of a record that this accumulator measured; returns the bytes that it takes. */
  append(topic: string, partition: number, record: MeasuredRecord): number;
  /** As {@link measure}, of a record whose fields are encoded already; writes its `bytes`. */
  measureEncoded(record: EncodedRecord): void;
  /**
   * As {@link append}, of a record that {@link measureEncoded} has measured. Keeps nothing of the
   * object or its buffer: both are used for the next record.
   */
  appendEncoded(topic: string, partition: number, record: Readonly<EncodedRecord>): number;
  /**
   * Sends everything (Produce, acks=all) and resolves when each record was acked. Retriable
   * failures are retried. Afterwards what was acked is gone; after a failure the rest is still
   * held, in order. A flush that is called while another one is under way waits for its end, and
   * then sends what came meanwhile and what the other one could not.
   *
   * @throws ProduceError
   */
  flush(): Promise<void>;
  /** Forgets all records that are held. */
  clear(): void;
}

/** A record to send, as bytes. */
export interface OutgoingRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Names and values in turn, in the order in which they are sent. */
  readonly headers: readonly HeaderValue[];
  readonly timestamp: number;
  /** Written by {@link RecordAccumulator.measure}: one object a record, not two. */
  bytes?: number;
}

/** A record whose size is known. */
export interface MeasuredRecord extends Readonly<OutgoingRecord> {
  /**
   * What a batch takes that holds nothing but this record, uncompressed: never fewer bytes than it
   * will.
   */
  readonly bytes: number;
}

/**
 * Key, value and headers as they lie one behind another in a record.
 *
 * @see https://kafka.apache.org/documentation/#record
 */
export interface EncodedFields {
  buffer: Buffer;
  /** Position of the key's length. */
  start: number;
  /** Position after the headers. */
  end: number;
}

/** A record to send whose fields are encoded already. */
export interface EncodedRecord extends EncodedFields {
  timestamp: number;
  /** As in {@link MeasuredRecord}. */
  bytes: number;
}

/** How records are sent. */
export interface SinkOptions {
  readonly idempotent: boolean;
  readonly compression: Compression;
  /** For how long retriable failures are retried before ProduceError. */
  readonly retryTimeoutMs: number;
  /**
   * How often the topics that are sent to are looked at, for partitions that were added (Metadata).
   * Default 60,000 ms.
   */
  readonly topicRefreshMs?: number;
  /**
   * Called with how many records are sent again after an attempt that may have stored them, in a
   * way that no broker recognises as a repeat: they may be stored twice. Once for each record; must
   * not throw.
   */
  readonly onRepeated?: (records: number) => void;
}

/** How record batches are compressed when they are sent. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
