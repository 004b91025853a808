import type { ApiName } from '../../../../source/embedded/request-summary.ts';
import type { Random } from '../random.ts';

/** A fault of a run over the wire. Times are of the run's clock. */
export type WireFault = { readonly atMs: number; readonly lastsMs: number } & WireFaultKind;

type WireFaultKind =
  | { readonly kind: 'refuse'; readonly api: ApiName; readonly code: number; readonly times: number }
  | { readonly kind: 'slow'; readonly api: ApiName; readonly ms: number; readonly times: number }
  | {
      readonly kind: 'drop';
      readonly api: ApiName;
      readonly when: 'before' | 'after' | 'mid-response';
      readonly times: number;
    }
  | { readonly kind: 'freeze' | 'stop'; readonly node: number }
  | {
      readonly kind: 'move-leader';
      readonly topic: string;
      readonly partition: number;
      readonly node: number;
    }
  | { readonly kind: 'move-coordinator'; readonly node: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'black-hole' }
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'cut'; readonly bytes: number };

/** All kinds of faults. */
export const wireFaultKinds = [
  'refuse',
  'slow',
  'drop',
  'freeze',
  'stop',
  'move-leader',
  'move-coordinator',
  'reset',
  'black-hole',
  'latency',
  'cut',
] as const satisfies readonly WireFault['kind'][];

/** By API, codes that pass by themselves. */
const refusals: readonly [
  readonly [ApiName, readonly number[]],
  ...(readonly [ApiName, readonly number[]])[],
] = [
  ['Produce', [6, 7, 19, 20, 56]],
  ['OffsetCommit', [14, 15, 16]],
  ['Fetch', [6, 74, 75]],
  ['FindCoordinator', [15]],
  ['OffsetFetch', [14, 16]],
  ['ListOffsets', [5, 6]],
  ['InitProducerId', [14, 51]],
];

const slowed: readonly [ApiName, ...ApiName[]] = ['Produce', 'OffsetCommit', 'Fetch', 'Metadata'];
/** Codes come and connections go most where something is being written. */
const dropped: readonly [ApiName, ...ApiName[]] = [
  'Produce',
  'Produce',
  'OffsetCommit',
  'OffsetCommit',
  'Fetch',
  'Metadata',
];

/** What is there to be faulty. */
export interface WirePlaces {
  readonly brokers: number;
  readonly topics: readonly string[];
  readonly partitions: number;
}

/** Draws the faults of one run. */
export function drawFaults(random: Random, places: WirePlaces): readonly WireFault[] {
  return Array.from({ length: random.between(0, 5) }, () => {
    const times = { atMs: random.between(0, 2_500), lastsMs: random.between(100, 2_500) };
    const fault = drawKind(random, places);
    // Where it waits for certain requests, it does so from the beginning.
    return { ...('api' in fault ? { atMs: 0, lastsMs: 5_000 } : times), ...fault };
  });
}

function drawKind(random: Random, { brokers, topics, partitions }: WirePlaces): WireFaultKind {
  const node = random.between(1, brokers);
  const times = random.between(1, 4);
  // What is met by some requests only is drawn more often.
  const kind: WireFault['kind'] = random.pick<WireFault['kind']>([
    ...wireFaultKinds,
    'refuse',
    'refuse',
    'drop',
    'drop',
    'reset',
  ]);
  switch (kind) {
    case 'refuse': {
      const [api, codes] = random.pick(refusals);
      return { kind, api, code: random.pick(codes as [number, ...number[]]), times };
    }
    case 'slow':
      return { kind, api: random.pick(slowed), ms: random.between(10, 1_500), times };
    case 'drop':
      return {
        kind,
        api: random.pick(dropped),
        when: random.pick(['before', 'after', 'mid-response'] as const),
        times,
      };
    case 'freeze':
    case 'stop':
    case 'move-coordinator':
      return { kind, node };
    case 'move-leader': {
      const topic = random.pick(topics as [string, ...string[]]);
      return { kind, node, topic, partition: random.between(0, partitions - 1) };
    }
    case 'latency':
      return { kind, ms: random.between(10, 1_000) };
    case 'cut':
      return { kind, bytes: random.between(1, 200) };
    case 'reset':
    case 'black-hole':
      return { kind };
  }
}
