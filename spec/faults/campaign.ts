import { setTimeout as sleep } from 'node:timers/promises';
import { readRange } from '../../source/index.ts';
import { until } from '../_helpers/until.ts';
import type { Fault, FaultPlan } from './fault.ts';
import type { FinishedRun } from './finished-run.ts';
import { invariants } from './invariant-list.ts';
import { OutputBooks } from './output-books.ts';
import type { PlayedFault } from './played-fault.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';

const PROGRESS_MS = 15_000;
const DRAIN_MS = 60_000;

/** A workload at work, a fault after another, and the check of all that it has written. */
export class Campaign {
  readonly #world: World;
  readonly #played: PlayedFault[] = [];
  readonly #violations: Violation[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  get played(): readonly PlayedFault[] {
    return this.#played;
  }

  /** Injects a fault, heals it, and waits until each partition has made progress. */
  async play(fault: Fault, plan: FaultPlan): Promise<PlayedFault> {
    const begun = performance.now();
    const injected = await fault.inject(this.#world, plan);
    await sleep(plan.lastsMs);
    await injected.heal();
    const healed = performance.now();
    const progressMs = await this.#untilProgress(healed);
    const mark = await injected.mark();
    const played = { fault, plan, begun, healed, progressMs, mark };
    this.#played.push(played);
    if (mark === undefined)
      this.#violations.push({ invariant: 'felt', text: `nothing shows that ${fault.name} was felt` });
    return played;
  }

  /** Lets everything come to its end, and checks it. The world is over then. */
  async finish(): Promise<{ readonly run: FinishedRun; readonly violations: readonly Violation[] }> {
    const { generator, fleet, commits, input } = this.#world;
    await generator.stop();
    await until(
      () =>
        commits.last?.committed.every((offset, partition) => (offset ?? 0) >= (input.acked[partition] ?? 0)),
      {
        deadlineMs: DRAIN_MS,
        what: 'all that was written to be committed',
      },
    ).catch((error: unknown) => {
      this.#violations.push({ invariant: 'progress', text: String(error) });
    });
    await fleet.close();
    await commits.stop();
    const run = this.#finished();
    for (const invariant of [...invariants, ...this.#world.workload.invariants])
      this.#violations.push(...(await invariant.check(run)));
    await this.#world.client.close();
    return { run, violations: this.#violations };
  }

  async #untilProgress(since: number): Promise<number> {
    const { fleet, inputPartitions, generator } = this.#world;
    const waiting = () => {
      if (generator.failure !== undefined) throw generator.failure;
      return inputPartitions.filter((partition) => fleet.committedAt(partition) <= since);
    };
    try {
      await until(() => waiting().length === 0, {
        deadlineMs: PROGRESS_MS,
        what: 'progress at each partition',
      });
    } catch (error) {
      const text = `partitions ${waiting().join(', ')} made none within ${PROGRESS_MS} ms: ${String(error)}`;
      this.#violations.push({ invariant: 'progress', text });
    }
    return Math.round(performance.now() - since);
  }

  #finished(): FinishedRun {
    const world = this.#world;
    const { client, workload } = world;
    const books = new Map<string, Promise<OutputBooks>>();
    const read: FinishedRun['read'] = async (name, onRecord) => {
      const { partitions = 0 } = workload.topics.find((each) => each.name === name) ?? {};
      const topic = world.topic(name);
      const all = Array.from({ length: partitions }, (_none, partition) => ({ topic, partition }));
      const [starts, ends] = await Promise.all([
        client.listOffsets('earliest', all, 'read_uncommitted'),
        client.listOffsets('latest', all, 'read_committed'),
      ]);
      const spans = all.map((each, at) => ({
        ...each,
        from: starts[at]?.offset ?? 0,
        to: ends[at]?.offset ?? 0,
      }));
      await readRange(client, spans, (message) => {
        onRecord({
          topic: name,
          partition: message.partition,
          offset: message.offset,
          key: message.key,
          value: message.value,
          header: (header) => {
            const value = message.headers.get(header);
            return typeof value === 'string' ? Buffer.from(value) : (value ?? undefined);
          },
        });
      });
    };
    const outputs = async (role: 'output' | 'dead-letter') => {
      const book = new OutputBooks(workload);
      for (const topic of workload.topics)
        if (topic.role === role)
          await read(topic.name, (output) => {
            book.add(output);
          });
      return book;
    };
    return {
      workload,
      seed: world.seed,
      prefix: world.prefix,
      topic: (name) => world.topic(name),
      client,
      groupId: world.groupId,
      redisUrl: world.redisUrl,
      elasticsearchUrl: world.elasticsearchUrl,
      input: world.input,
      commits: world.commits,
      workers: world.fleet.histories,
      faults: this.#played,
      read,
      outputs: (role) => {
        const book = books.get(role) ?? outputs(role);
        books.set(role, book);
        return book;
      },
    };
  }
}
