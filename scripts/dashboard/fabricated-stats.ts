import type {
  PageReport,
  ReportedBatch,
  ReportedError,
  ReportedPartition,
  ReportedPartitionProcessor,
  ReportedProcessor,
} from '../../metrics/dashboard/model/page-report.ts';

/** What can be changed in a fabricated processor at any time; reports show it from then on. */
export interface FabricatedProcessor {
  name: string;
  worker?: number;
  topics: readonly string[];
  /** Of each topic. */
  partitions: number;
  state: ReportedProcessor['state'];
  /** Records per second, all partitions together. */
  rate: number;
  /** Records that arrive per second, all partitions together. */
  arriving: number;
  /** What waits in each partition at first, by its number. */
  backlog: (partition: number) => number;
  failure: ReportedProcessor['failure'];
  degraded: ReportedProcessor['degraded'];
  errors: readonly ReportedError[];
}

/** One partition of a topic, and its progress. */
interface Progress {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  done: number;
  end: number;
}

const defaults: FabricatedProcessor = {
  name: 'orders-by-customer',
  topics: ['orders'],
  partitions: 12,
  state: 'running',
  rate: 24_000,
  arriving: 18_000,
  backlog: (partition) => 150_000 + ((partition * 7919) % 11) * 42_000,
  failure: null,
  degraded: null,
  errors: [],
};

/**
 * A process that reports fabricated figures which develop like those of a real one; its owner
 * controls the clock.
 */
export class FabricatedStats {
  pid = 4711;
  version = '0.1.0';
  host = 'batch-7.example.net';
  health = { healthy: true, degraded: false, ready: true, problems: [] as readonly string[] };
  eventLoop = { blockedMs: 2, longestBlockMs: 41 };
  readonly processors: FabricatedProcessor[];
  #now: number;
  #startedAt: number;
  #progress: Progress[][];

  constructor(now: number, ...processors: Partial<FabricatedProcessor>[]) {
    this.processors = processors.map((given) => ({ ...defaults, ...given }));
    this.#now = now;
    this.#startedAt = now - 2 * 3_600_000 - 754_000;
    this.#progress = this.processors.map(begin);
  }

  /** As after a crash: another pid, counters at 0, offsets where they were. */
  restart(pid: number): void {
    this.pid = pid;
    this.#startedAt = this.#now;
    this.#progress = this.#progress.map((all) =>
      all.map((each) => ({ ...each, start: each.start + each.done, done: 0 })),
    );
  }

  /** Lets time pass: records come in and are processed. */
  advance(ms: number): void {
    this.#now += ms;
    for (const [index, { rate, arriving, state }] of this.processors.entries()) {
      const all = this.#progress[index] ?? [];
      for (const each of all) {
        const wave = 1 + 0.25 * Math.sin(this.#now / 9000 + index) + 0.12 * Math.sin(this.#now / 2300);
        each.end += Math.round((arriving / all.length) * (ms / 1000) * wave);
        if (state !== 'running') continue;
        const most = Math.round((rate / all.length) * (ms / 1000) * wave);
        each.done += Math.max(0, Math.min(most, each.end - each.start - each.done));
      }
    }
  }

  report(): PageReport {
    return {
      version: this.version,
      host: this.host,
      pid: this.pid,
      node: 'v20.19.5',
      now: this.#now,
      health: this.health,
      eventLoop: this.eventLoop,
      processors: this.processors.map((processor, index) =>
        this.#stats(processor, this.#progress[index] ?? []),
      ),
    };
  }

  #stats(processor: FabricatedProcessor, progress: readonly Progress[]): ReportedProcessor {
    const { name, worker, partitions, state, failure, degraded, errors } = processor;
    const records = progress.reduce((total, { done }) => total + done, 0);
    const batches = Math.ceil(records / 1000);
    const isRunning = state === 'running';
    return {
      topicProcessorName: name,
      ...(worker !== undefined && { worker }),
      state,
      startedAt: state === 'new' ? null : this.#startedAt,
      failure,
      degraded,
      recentErrors: errors,
      endsAskedAt: this.#now - (this.#now % 15_000),
      records,
      batches,
      batchesByTrigger: {
        count: Math.floor(batches * 0.84),
        bytes: 0,
        age: Math.ceil(batches * 0.16),
        memory: 0,
        end: 0,
      },
      sent: Math.floor(records / 3),
      buffered: isRunning ? 8_400 + (this.#now % 700) : 0,
      bufferedBytes: isRunning ? 38_400_000 + (this.#now % 900_000) : 0,
      inHand: isRunning ? 1000 : 0,
      partitions: progress.map((each) => this.#partition(each, isRunning)),
      partitionProcessors: Array.from({ length: progress.length === 0 ? 0 : partitions }, (_, partition) =>
        this.#partitionProcessor(partition, state),
      ),
    };
  }

  #partition({ topic, partition, start, done, end }: Progress, isRunning: boolean): ReportedPartition {
    const committed = start + done;
    const lag = end - committed;
    return {
      topic,
      partition,
      position: Math.min(end, committed + 3000),
      committed,
      highWatermark: end,
      lag,
      paused: isRunning && partition % 5 === 2 && lag > 60_000,
      records: done,
      msSinceProgress: lag === 0 ? 0 : isRunning ? 40 + ((this.#now + partition * 137) % 900) : 95_000,
      heldBack: null,
    };
  }

  #partitionProcessor(partition: number, state: ReportedProcessor['state']): ReportedPartitionProcessor {
    const steps = [
      'idle',
      'queued',
      'idle',
      'process',
      'idle',
      'produce',
      'queued',
      'idle',
      'commit',
    ] as const;
    const turn = Math.floor(this.#now / 1000) + partition * 5;
    const running = steps[turn % steps.length] ?? 'idle';
    const failed = partition === 7 ? 'failed' : 'ended';
    return {
      partition,
      step: state === 'failed' ? failed : state === 'running' ? running : 'idle',
      lastBatch: state === 'new' || state === 'starting' ? null : this.#batch(partition, state === 'running'),
    };
  }

  #batch(partition: number, isRunning: boolean): ReportedBatch {
    const seed = (Math.floor(this.#now / 1000) * 31 + partition * 17) % 97;
    const swing = 1 + 0.3 * Math.sin(this.#now / 14_000);
    return {
      records: seed % 9 === 0 ? 340 + seed : 1000,
      trigger: seed % 9 === 0 ? 'age' : 'count',
      processMs: (18 + seed / 8) * swing,
      produceMs: 7 + (seed % 13) / 2,
      storeMs: 3.5 + (seed % 7) / 3,
      commitMs: isRunning && seed % 5 === 0 ? null : 5.5 + (seed % 11) / 4,
      endedAt: isRunning ? this.#now - (seed % 9) * 90 : this.#startedAt + 60_000,
    };
  }
}

function begin({ topics, partitions, backlog, state }: FabricatedProcessor): Progress[] {
  if (state === 'new' || state === 'starting') return [];
  return topics.flatMap((topic, index) =>
    Array.from({ length: partitions }, (_, partition) => {
      const start = 48_200_000 + partition * 104_729 + index * 1_299_709;
      return { topic, partition, start, done: 0, end: start + backlog(partition) };
    }),
  );
}
