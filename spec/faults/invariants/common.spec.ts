import test from 'ava';
import type { CommitSample } from '../commit-books.ts';
import type { FinishedRun } from '../finished-run.ts';
import { InputBooks } from '../input-books.ts';
import { invariants } from '../invariant-list.ts';
import { OutputBooks } from '../output-books.ts';
import type { PlayedFault } from '../played-fault.ts';
import { WorkerHistory } from '../worker/worker-history.ts';
import type { WorkloadJob } from '../workload-job.ts';

const TOPIC = 'run-in';

/** Four records of two keys, in one partition. */
const workload: WorkloadJob = {
  name: 'made-up',
  services: [],
  topics: [
    { role: 'input', name: 'in', partitions: 1 },
    { role: 'output', name: 'out', partitions: 1 },
  ],
  record: (_random, _partition, n) => ({ key: `key-${n % 2}`, value: null }),
  job: () => {
    throw new Error('Nothing runs here');
  },
  origin: ({ value }) => ({ partition: 0, n: Number(value) }),
};

interface MadeUp {
  /** Numbers of the records that the outputs are of. */
  readonly outputs?: readonly number[];
  readonly samples?: readonly (readonly [committed: number, end: number])[];
  readonly workers?: readonly WorkerHistory[];
  readonly faults?: readonly PlayedFault[];
  readonly nodes?: number;
}

/** A run without fault, but for what is given. Which invariants are broken? */
async function broken({
  outputs = [0, 1, 2, 3],
  samples = [[4, 4]],
  workers = [worker()],
  faults = [],
  nodes = 1,
}: MadeUp): Promise<string[]> {
  const input = new InputBooks(workload, 1, 1);
  input.acked[0] = 4;
  const books = new OutputBooks(workload, (name) => `run-${name}`);
  for (const [offset, n] of outputs.entries())
    books.add({
      topic: 'out',
      partition: 0,
      offset,
      key: null,
      value: Buffer.from(String(n)),
      timestamp: 0,
      headers: [],
      header: () => undefined,
    });
  const run = {
    workload,
    input,
    workers,
    faults,
    nodes,
    topic: (name: string) => `run-${name}`,
    commits: {
      inputs: [{ topic: TOPIC, partition: 0 }],
      outputs: [{ topic: 'run-out', partition: 0 }],
      samples: samples.map(([committed, end], at): CommitSample => ({
        at,
        committed: [committed],
        ends: [end],
      })),
    },
    outputs: () => Promise.resolve(books),
  } as unknown as FinishedRun;
  const names: string[] = [];
  for (const invariant of invariants)
    for (const violation of await invariant.check(run)) names.push(violation.invariant);
  return names;
}

/** A worker that has processed these offsets in a batch each, and has ended. */
function worker(
  end: WorkerHistory['end'] = 'closed',
  offsets = [0, 1, 2, 3],
  committed = offsets,
): WorkerHistory {
  const history = new WorkerHistory(0, [0]);
  const step = (name: 'begun' | 'committed', offset: number) => {
    history.take({ at: 'step', step: name, partition: 0, ranges: [[TOPIC, offset, offset]] });
  };
  for (const offset of offsets) step('begun', offset);
  for (const offset of committed) step('committed', offset);
  history.end = end;
  history.endedAt = performance.now();
  history.records = committed.length;
  return history;
}

test('a run without fault breaks no invariant', async (t) => {
  t.deepEqual(await broken({}), []);
});

test('a record without an output is a loss', async (t) => {
  t.deepEqual(await broken({ outputs: [0, 2, 3], samples: [] }), ['no-loss', 'order-per-key']);
  t.deepEqual(await broken({ outputs: [0, 1, 2], samples: [] }), ['no-loss']);
});

test('an output of no record is a stranger', async (t) => {
  t.deepEqual(await broken({ outputs: [0, 1, 2, 3, 4] }), ['no-strangers']);
});

test('a second output is a repeat, unless the record was open when a worker was killed', async (t) => {
  t.deepEqual(await broken({ outputs: [0, 1, 2, 3, 3] }), ['repeats-only-open']);
  const workers = [worker('killed', [0, 1, 2, 3], [0, 1, 2]), worker('closed', [3])];
  t.deepEqual(await broken({ outputs: [0, 1, 2, 3, 3], workers }), []);
  t.deepEqual(await broken({ outputs: [0, 1, 2, 3, 3, 3], workers }), ['repeats-only-open']);
});

test('what a worker counted that it sent again may be there twice', async (t) => {
  const history = worker();
  history.repeated = 1;
  t.deepEqual(await broken({ outputs: [0, 1, 2, 3, 1], workers: [history] }), []);
  t.deepEqual(await broken({ outputs: [0, 1, 2, 3, 1, 1], workers: [history] }), ['repeats-only-open']);
});

test('a worker that closed leaves no batch open, and none of its records to another', async (t) => {
  t.deepEqual(await broken({ workers: [worker('closed', [0, 1, 2, 3], [0, 1, 2])] }), [
    'no-repeats-after-graceful-stop',
  ]);
  t.deepEqual(await broken({ workers: [worker(), worker('closed', [3])] }), [
    'no-repeats-after-graceful-stop',
  ]);
});

test('the records of a key come in their order, those of two keys in any', async (t) => {
  t.deepEqual(await broken({ outputs: [1, 0, 3, 2] }), []);
  t.deepEqual(await broken({ outputs: [2, 1, 0, 3] }), ['order-per-key']);
});

test('a commit before the outputs of what lies below it, or beyond the input, is out of bounds', async (t) => {
  t.deepEqual(
    await broken({
      samples: [
        [2, 1],
        [4, 4],
      ],
    }),
    ['commit-bounded'],
  );
  t.deepEqual(await broken({ samples: [[5, 4]] }), ['commit-bounded']);
});

test('a commit that goes back is noticed', async (t) => {
  t.deepEqual(
    await broken({
      samples: [
        [3, 4],
        [2, 4],
        [4, 4],
      ],
    }),
    ['commit-monotonic'],
  );
});

test('a commit that goes back is none where the coordinator of several brokers has moved, and it comes again', async (t) => {
  const moved: PlayedFault = {
    fault: { name: 'coordinator-moved', needs: [], long: false, allows: ['moved-coordinator'] },
    plan: { lastsMs: 0 },
    begun: 0,
    healed: 0,
    progressMs: 0,
    mark: '',
  };
  const samples = [
    [3, 4],
    [2, 4],
    [4, 4],
  ] as const;
  t.deepEqual(await broken({ samples, faults: [moved], nodes: 3 }), []);
  t.deepEqual(await broken({ samples, faults: [moved], nodes: 1 }), ['commit-monotonic']);
  t.deepEqual(await broken({ samples, nodes: 3 }), ['commit-monotonic']);
  t.deepEqual(await broken({ samples: samples.slice(0, 2), faults: [moved], nodes: 3 }), [
    'commit-monotonic',
  ]);
});

test('rejections that nobody handles, failures without a fault, and false counts are noticed', async (t) => {
  const history = worker();
  history.take({ at: 'unhandled', error: 'Error: nobody' });
  t.deepEqual(await broken({ workers: [history] }), ['no-unhandled-rejection']);
  t.deepEqual(await broken({ workers: [worker('failed')] }), ['no-failure-without-fault']);
  const miscounted = worker();
  miscounted.records = 3;
  t.deepEqual(await broken({ workers: [miscounted] }), ['honest-health']);
});

test('what grows is noticed, once a worker has lived long enough', async (t) => {
  const grown = (samples: number, kind: 'heapUsed' | 'descriptors' | 'timers', by: number) => {
    const history = worker();
    for (let i = 0; i < samples; i++)
      history.take({
        at: 'usage',
        rss: 1,
        heapUsed: 1,
        arrayBuffers: 1,
        descriptors: 1,
        timers: 1,
        [kind]: 1 + i * by,
      });
    return broken({ workers: [history] });
  };
  t.deepEqual(await grown(30, 'heapUsed', 2 ** 20), ['flat-resources']);
  t.deepEqual(await grown(30, 'descriptors', 1), ['flat-resources']);
  t.deepEqual(await grown(30, 'timers', 2), ['flat-resources']);
  t.deepEqual(await grown(30, 'heapUsed', 1000), []);
  t.deepEqual(await grown(8, 'heapUsed', 2 ** 24), []);
});
