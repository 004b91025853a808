import type { KafkaClient } from '../../../source/kafka/client.ts';
import type { Clock } from '../../../source/kernel/clock.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';
import type { RunParts } from './run-parts.ts';

/** What a run stands on: its time, and the way to its Kafka, on which requests meet with faults. */
export interface RunGround {
  readonly clock: Clock;
  readonly client: KafkaClient;
  /** Makes faults happen, until what is returned is called. */
  interfere(): () => void | Promise<void>;
  /** In steps of this many ms it is waited for the end of a run. */
  readonly stepMs: number;
  /** Lets this much of the run's time pass. */
  advance(ms: number): Promise<void>;
  /** The way of what a store writes, which may take a while. */
  take(slow: boolean): Promise<void>;
  /** The process is gone: what it has sent arrives or not, and nothing comes to it any more. */
  abandon(): void;
  /** Resolves when nothing of a process that is gone arrives any more. */
  abandoned(): Promise<void>;
  /** Timers that are left once the run has ended. */
  timersLeft(): Promise<number>;
  /** What is asked of Kafka while this much time passes after the run's end. */
  askedLater(ms: number): Promise<readonly string[]>;
  /** Whether the run may never get to know an error that was caused: with the connection, an answer is lost. */
  mayLose(caused: Error): boolean;
  /** Whether an error, with its causes in a row, comes of what was caused. */
  isCausedBy(causes: readonly unknown[], caused: Error): boolean;
}

/** What of a run its ground needs. */
export type GroundParts = Omit<RunParts, 'clock'> & {
  /** The source is about to be made to continue at another offset. */
  readonly sought: (at: TopicPartition, offset: number) => void;
};

/** Makes the ground of a run. */
export type NewGround = (parts: GroundParts) => RunGround;
