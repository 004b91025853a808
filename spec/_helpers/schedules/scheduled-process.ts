import { sleep } from '../../../source/kernel/clock.ts';
import type { OffsetRange } from '../../../source/kernel/errors.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';
import type { ProcessContext } from '../../../source/message-processor.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import type { Sender } from '../../../source/sender.ts';
import { CausedError } from './planned-failure.ts';
import { never, type RunParts } from './run-parts.ts';
import { nameOf } from './schedule-ledger.ts';

/**
 * The user's function of one run: fast or slow, with waits and flushes, and a failure where the
 * plan has one.
 */
export class ScheduledProcess {
  readonly #parts: RunParts;
  #finished: OffsetRange[] = [];

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Records of which it has returned. */
  get finished(): readonly OffsetRange[] {
    return this.#finished;
  }

  /** Its source was sought: what was finished need not stay committed. */
  forget({ topic, partition }: TopicPartition): void {
    this.#finished = this.#finished.filter((each) => each.topic !== topic || each.partition !== partition);
  }

  process(
    messages: readonly ConsumerMessage[],
    sender: Sender,
    context: ProcessContext,
  ): void | Promise<void> {
    const { run, world } = this.#parts;
    if (run.isDead) return never();
    const { ledger, random } = world;
    if (run.isOver) ledger.fail('afterEnd', 'process was called');
    if (run.isFlushing(context.partition)) world.counts.overlaps++;
    ledger.begin(context.partition, messages);
    run.nextTurn();
    if (run.isDead) return never();
    if (random.chance(0.3)) this.#recordBeforeCommit(messages, context);
    if (random.chance(0.3)) {
      this.#work(messages, sender, context.partition);
      this.#finish(messages, context.partition);
      return;
    }
    return this.#processSlowly(messages, sender, context);
  }

  async #processSlowly(
    messages: readonly ConsumerMessage[],
    sender: Sender,
    context: ProcessContext,
  ): Promise<void> {
    const { run, world, plan, clock } = this.#parts;
    const { ledger, random, counts } = world;
    const { partition } = context;
    const half = random.between(0, messages.length);
    this.#work(messages.slice(0, half), sender, partition);
    if (random.chance(0.1)) {
      counts.waits++;
      ledger.leave(partition);
      await context.wait(random.between(0, 2_000));
      if (run.isDead) return never();
      ledger.enter(partition);
    }
    if (random.chance(0.1)) await sender.flush();
    if (random.chance(plan.slowProcess)) await sleep(clock, random.between(0, 1_500));
    if (run.isDead) return never();
    this.#work(messages.slice(half), sender, partition);
    this.#finish(messages, partition);
  }

  #recordBeforeCommit(messages: readonly ConsumerMessage[], { beforeCommit }: ProcessContext): void {
    const { run, world, plan, clock, failure } = this.#parts;
    const { ledger, random, counts } = world;
    ledger.toRecord(messages);
    beforeCommit(async () => {
      if (run.isDead) return never();
      run.nextTurn();
      if (random.chance(plan.slowProcess)) await sleep(clock, random.between(0, 1_500));
      if (run.isDead) return never();
      if (failure.isNow('record')) {
        run.recordFailed(messages);
        throw failure.cause(new CausedError('record'), { isSeen: true });
      }
      counts.recordings++;
      ledger.record(messages, world);
    });
  }

  #work(messages: readonly ConsumerMessage[], sender: Sender, partition: number): void {
    const { ledger } = this.#parts.world;
    ledger.put(messages);
    for (const message of messages)
      sender.send({ topic: 'out', partition, key: nameOf(message), value: String(ledger.passOf(message)) });
  }

  #finish(messages: readonly ConsumerMessage[], partition: number): void {
    const { world, failure, run } = this.#parts;
    const { ledger } = world;
    if (failure.isNow('process')) {
      ledger.leave(partition);
      throw failure.cause(new CausedError('process'), { isSeen: !run.isDead });
    }
    ledger.finish(partition, messages);
    for (const { topic, offset } of messages)
      this.#finished.push({ topic, partition, first: offset, last: offset });
  }
}
