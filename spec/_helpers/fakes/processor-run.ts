import type { ExecutionContext } from 'ava';
import type { TopicProcessorOptions } from '../../../source/config/options.ts';
import type { LogFields, Logger } from '../../../source/kernel/logger.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import type { MessageProcessor, ProcessContext } from '../../../source/message-processor.ts';
import type { MessageProcessors } from '../../../source/message-processors.ts';
import type { RunSummary } from '../../../source/stats.ts';
import type { Sender } from '../../../source/sender.ts';
import { TopicProcessor } from '../../../source/topic-processor.ts';
import { FakeClock } from '../../../source/testing/fake-clock.ts';
import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import type { FakeKafkaOptions } from '../../../source/testing/fake-kafka/fake-cluster.ts';

export const GROUP = 'kasper-topic-processor-spec';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** Keeps its lines. */
export class LineLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'debug', message, fields });
  }

  info(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'info', message, fields });
  }

  warn(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'warn', message, fields });
  }

  error(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'error', message, fields });
  }

  child(): Logger {
    return this;
  }

  messages(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  /**
   * The warnings, without that of a first connection that takes a second: on a machine that is busy
   * any of them may.
   */
  warnings(): string[] {
    return this.messages('warn').filter((message) => !message.startsWith('No broker could be reached yet'));
  }
}

/** A batch as `process` saw it. */
export interface SeenBatch {
  readonly partition: number;
  readonly trigger: string;
  readonly values: readonly (string | null)[];
}

/** A processor that notes its batches, and does what `act` does. */
export function noting(
  batches: SeenBatch[],
  act?: (
    messages: readonly ConsumerMessage[],
    sender: Sender,
    context: ProcessContext,
  ) => void | Promise<void>,
): MessageProcessor {
  return {
    process(messages, sender, context) {
      batches.push({
        partition: context.partition,
        trigger: context.trigger,
        values: messages.map(({ valueText }) => valueText),
      });
      return act?.(messages, sender, context);
    },
  };
}

export type Outcome =
  | { readonly ok: true; readonly summary: RunSummary; readonly error?: undefined }
  | { readonly ok: false; readonly error: unknown; readonly summary?: undefined };

export interface Fixture {
  readonly kafka: FakeKafka;
  readonly clock: FakeClock;
  readonly log: LineLogger;
  /** A processor of topic 'in', partition 0, that is closed at the end of the test. */
  readonly make: (processor: MessageProcessors, options?: Partial<TopicProcessorOptions>) => TopicProcessor;
  /** What a run has come to, in the end; never rejects. */
  readonly outcome: (run: Promise<RunSummary>) => Promise<Outcome>;
}

/** A fake Kafka and clock for one test. */
export function fixture(t: ExecutionContext, kafkaOptions: FakeKafkaOptions = {}): Fixture {
  const kafka = new FakeKafka(kafkaOptions);
  const clock = new FakeClock(() => kafka.quiet());
  const log = new LineLogger();
  return {
    kafka,
    clock,
    log,
    make(processor, options = {}) {
      const made = new TopicProcessor(
        {
          topicProcessorName: 'spec',
          client: kafka.client(),
          inputTopics: ['in'],
          inputPartitions: [0],
          batchSize: 10,
          batchWaitMs: 1000,
          clock,
          logger: log,
          claims: false,
          ...options,
        },
        processor,
      );
      t.teardown(async () => {
        // What it rejects with, the test has seen by the run.
        const closed = made.close().catch(() => undefined);
        await kafka.quiet();
        if ((await stateOf(closed)) === 'pending') await clock.advance(60_000);
        await closed;
      });
      return made;
    },
    outcome(run) {
      return run.then(
        (summary) => ({ ok: true as const, summary }),
        (error: unknown) => ({ ok: false as const, error }),
      );
    },
  };
}

/** The value of a promise if it has settled by now, else 'pending'. */
export async function stateOf<T>(promise: Promise<T>): Promise<T | 'pending'> {
  return Promise.race([
    promise,
    new Promise<'pending'>((resolve) => {
      setImmediate(() => {
        resolve('pending');
      });
    }),
  ]);
}

/** The values of all batches, in their order. */
export function valuesOf(batches: readonly SeenBatch[]): (string | null)[] {
  return batches.flatMap(({ values }) => values);
}
