import { KasperError } from '../../../source/kernel/errors.ts';
import { keyOf } from '../../../source/kernel/topic-partition.ts';
import type { SeekTarget } from '../../../source/seek-target.ts';
import type { TopicProcessor } from '../../../source/topic-processor.ts';
import type { LiveRun } from './run-parts.ts';
import type { ScheduleWorld } from './schedule-world.ts';

/** The seeks of one run, each to a place that it draws. */
export class ScheduledSeeks {
  readonly #world: ScheduleWorld;
  readonly #run: LiveRun;
  readonly #processor: TopicProcessor;
  #unsettled = 0;

  constructor(world: ScheduleWorld, run: LiveRun, processor: TopicProcessor) {
    this.#world = world;
    this.#run = run;
    this.#processor = processor;
  }

  /** Seeks that have not come to an end. */
  get unsettled(): number {
    return this.#unsettled;
  }

  async seek(): Promise<void> {
    const { random, kafka, topics, partitions, ledger, counts } = this.#world;
    if (this.#run.isDead || this.#processor.state !== 'running') return;
    const topic = random.pick(topics as [string, ...string[]]);
    const partition = random.pick(partitions as [number, ...number[]]);
    const { start, end } = kafka.log({ topic, partition });
    const to = random.pick<SeekTarget>([
      'earliest',
      'latest',
      random.between(start, end),
      random.between(start, end),
    ]);
    counts.seeks++;
    this.#unsettled++;
    try {
      await this.#processor.seek(topic, partition, to);
      // The fetch before the seek may still wait for records.
      if (random.chance(0.5)) this.#world.fill(topic, partition);
    } catch (error) {
      if (this.#run.isDead) return;
      counts.seeksRefused++;
      // Records are deleted while it asks where the log begins.
      const isGone = typeof to === 'number' && KasperError.is(error) && error.code === 'OFFSET_OUT_OF_RANGE';
      if (!isGone && this.#processor.state === 'running')
        ledger.fail('seek', `${keyOf({ topic, partition })} to ${JSON.stringify(to)}: ${String(error)}`);
    } finally {
      this.#unsettled--;
    }
  }
}
