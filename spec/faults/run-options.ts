import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import type { Fault } from './fault.ts';
import { faults } from './fault-list.ts';
import type { Pairing } from './plan.ts';
import type { Workload } from './workload.ts';
import { workloads } from './workload-list.ts';

/** What a campaign is told. */
export interface RunOptions {
  readonly seed: number;
  /** In all, with the start of the servers. */
  readonly minutes: number;
  readonly workloads: readonly Workload[];
  readonly faults: readonly Fault[];
  readonly pairing: Pairing;
  readonly nodes: 1 | 3;
  /** A journal to do again. */
  readonly replay: string | undefined;
  /** Where the journal is written. */
  readonly journal: string;
  /** The folder `dist` that the workers run. */
  readonly build: string;
  /** Short faults, names for workers, and the limits that the gate has. */
  readonly isCi: boolean;
  /** Mutants to check in place of a campaign: `all`, `by-commit`, or names with commas between them. */
  readonly mutants: string | undefined;
}

/** Reads the command line. @throws Error for a flag, a workload or a fault that does not exist */
export function readOptions(args: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      minutes: { type: 'string' },
      workload: { type: 'string' },
      fault: { type: 'string' },
      single: { type: 'boolean', default: false },
      pairs: { type: 'boolean', default: false },
      nodes: { type: 'string' },
      replay: { type: 'string' },
      journal: { type: 'string' },
      build: { type: 'string', default: join(repositoryRoot, 'dist') },
      ci: { type: 'boolean', default: false },
      mutants: { type: 'string' },
    },
  });
  const seed = Number(values.seed);
  const minutes = Number(values.minutes ?? (values.ci ? 3 : 5));
  if (!Number.isInteger(seed)) throw new Error(`--seed must be a whole number, not ${values.seed}`);
  if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, not ${String(values.minutes)}`);
  const kinds = chosen('fault', faults, values.fault).filter(({ long }) => !values.ci || !long);
  const nodes =
    values.nodes ?? (kinds.some(({ needs }) => needs.includes('three-nodes')) && !values.ci ? '3' : '1');
  return {
    seed,
    minutes,
    workloads:
      values.workload === undefined && values.ci
        ? workloadsOfTheGate(seed)
        : chosen('workload', workloads, values.workload),
    faults: kinds,
    pairing: values.pairs ? 'pairs' : values.single || values.ci ? 'single' : 'mixed',
    nodes: nodes === '3' ? 3 : 1,
    replay: values.replay,
    journal: values.journal ?? join(tmpdir(), `kasper-faults-${seed}-${process.pid}.jsonl`),
    build: values.build,
    isCi: values.ci,
    mutants: values.mutants,
  };
}

/**
 * Three minutes are not enough for all: one on each of the stores' servers, and two of the others, which
 * the seed picks.
 */
function workloadsOfTheGate(seed: number): readonly Workload[] {
  const onStores = chosen('workload', workloads, 'sums-redis,sums-elasticsearch');
  const others = workloads.filter((workload) => !onStores.includes(workload) && workload.isSlow !== true);
  const at = Math.abs(seed) % others.length;
  return [...onStores, ...[...others.slice(at), ...others.slice(0, at)].slice(0, 2)];
}

function chosen<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  names: string | undefined,
): readonly T[] {
  if (names === undefined) return all;
  return names.split(',').map((name) => {
    const found = all.find((each) => each.name === name);
    if (found === undefined)
      throw new Error(`There is no ${what} ${name}; there are ${all.map((each) => each.name).join(', ')}`);
    return found;
  });
}
