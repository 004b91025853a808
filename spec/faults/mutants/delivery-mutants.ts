import type { Mutant } from './mutant.ts';

/** Mistakes between a batch's process and its commit. */
export const deliveryMutants: readonly Mutant[] = [
  {
    name: 'commit-before-flush',
    mistake: 'Where the acks of a batch take longer than two seconds, its offsets are committed before.',
    edits: [
      {
        file: 'source/batch/batch-line.ts',
        replace: 'if (flushed !== undefined) await flushed;',
        by: `const late = () => attempts.commit(this.#finishedWork(place));
      if (flushed !== undefined) {
        const timer = setTimeout(() => void late(), 2_000);
        await flushed;
        clearTimeout(timer);
      }`,
      },
    ],
    isQuick: true,
    found: {
      invariant: 'no-loss',
      under: { by: 'campaign', workload: 'relay', faults: ['killed-while-outputs-held'], seed: 1 },
    },
  },
  {
    name: 'failed-flush-passes',
    mistake: 'A batch whose outputs could not be sent is committed: its position is not set back.',
    edits: [
      {
        file: 'source/batch/batch-line.ts',
        replace: 'if (flushed !== undefined) await flushed;',
        by: 'if (flushed !== undefined) await flushed.catch(() => undefined);',
      },
    ],
    isQuick: true,
    found: {
      invariant: 'no-loss',
      under: { by: 'campaign', workload: 'relay', faults: ['outputs-refused'], seed: 1 },
    },
  },
  {
    name: 'overlap-overtakes',
    mistake: 'An overlapped batch is flushed and committed without waiting for the batch before.',
    edits: [
      {
        file: 'source/batch/partition-processor.ts',
        replace: '      if (this.#finishing !== undefined) await this.#finishing;\n',
        by: '',
      },
      {
        file: 'source/batch/batch-attempts.ts',
        replace: 'mayFlush: before === undefined ? undefined : () => this.#beforeEnded(),',
        by: 'mayFlush: undefined,',
      },
    ],
    found: { invariant: 'outputOrder', under: { by: 'wire', seed: 1, schedules: 300 } },
  },
  {
    name: 'offset-one-too-low',
    mistake: 'Amid a chunk the last offset of a batch is committed, instead of the one after it.',
    edits: [
      {
        file: 'source/batch/batcher.ts',
        replace: '{ ...positionAfter(segment), nextOffset: last.offset + 1 }',
        by: '{ ...positionAfter(segment), nextOffset: last.offset }',
      },
    ],
    isQuick: true,
    found: {
      invariant: 'no-repeats-after-graceful-stop',
      under: { by: 'campaign', workload: 'relay', faults: ['terminate'], seed: 1 },
    },
  },
  {
    name: 'offset-one-too-far',
    mistake: 'A commit that is tried again is one offset further.',
    edits: [
      {
        file: 'source/delivery/offset-committer.ts',
        replace: 'if (newer === undefined) this.#waiting.set(key, { position, failingSince: since });',
        by: `if (newer === undefined)
        this.#waiting.set(key, { position: { ...position, offset: position.offset + 1 }, failingSince: since });`,
      },
    ],
    isQuick: true,
    found: { invariant: 'forward', under: { by: 'schedules', seed: 1, schedules: 20 } },
  },
  {
    name: 'refused-commit-taken-for-stored',
    mistake: 'An offset that the coordinator refused counts as committed.',
    edits: [
      {
        file: 'source/delivery/offset-committer.ts',
        replace: 'if (result.error === undefined) {\n        stored.push(result);',
        by: 'if (result.error === undefined || result.error.retriable) {\n        stored.push(result);',
      },
    ],
    isQuick: true,
    found: { invariant: 'graceful', under: { by: 'schedules', seed: 1, schedules: 20 } },
  },
  {
    name: 'batch-timer-shared',
    mistake: 'All partitions share the timer of the time limit that a batch has.',
    edits: [
      {
        file: 'source/batch/process-limit.ts',
        replace: '  #timer: Timer | undefined;\n',
        by: `  static shared: Timer | undefined;
  get #timer(): Timer | undefined {
    return ProcessLimit.shared;
  }
  set #timer(timer: Timer | undefined) {
    ProcessLimit.shared?.cancel();
    ProcessLimit.shared = timer;
  }
`,
      },
    ],
    found: {
      invariant: 'progress',
      under: { by: 'campaign', workload: 'relay', faults: ['hang'], seed: 1 },
    },
  },
  {
    name: 'takeover-ignored',
    mistake: 'A process goes on with partitions that another one has taken over.',
    edits: [
      {
        file: 'source/assignment/static/claims.ts',
        replace: 'if (foreign.length > 0) throw this.#fail(',
        by: 'if (foreign.length > 0 && !this.#confirmed) throw this.#fail(',
      },
    ],
    found: {
      invariant: 'repeats-only-open',
      under: { by: 'campaign', workload: 'relay', faults: ['two-owners'], seed: 1 },
    },
  },
  {
    name: 'buffer-not-bounded',
    mistake: 'Partitions are never paused, and fetches always find room in memory.',
    edits: [
      {
        file: 'source/input/input-partition.ts',
        replace: "const isStill = isFull() || this.state.name === 'held';",
        by: "const isStill = this.state.name === 'held';",
      },
      {
        file: 'source/batch/memory-budget.ts',
        replace: 'return this.#maxBytes - this.#reserved - this.#charged;',
        by: 'return this.#maxBytes;',
      },
    ],
    found: {
      invariant: 'buffers-bounded',
      under: { by: 'campaign', workload: 'bulk', faults: ['outputs-held'], seed: 36, rate: 300 },
    },
  },
];
