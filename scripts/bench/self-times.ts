import { basename } from 'node:path';

/** What this reads of a profile of V8. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node of each sample. */
  readonly samples: readonly number[];
  /** Microseconds since the sample before, or since the start. */
  readonly timeDeltas: readonly number[];
}

/** A profile by functions, those with the most time of their own first. */
export interface SelfTimes {
  readonly seconds: number;
  readonly functions: readonly { readonly name: string; readonly share: number }[];
}

/** The time that each function took itself, without those that it called. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTimes {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const micros = new Map<string, number>();
  let all = 0;
  for (const [at, sample] of samples.entries()) {
    // A sample stands for the time until the next one.
    const spent = timeDeltas[at + 1] ?? 0;
    const name = names.get(sample) ?? '(unknown)';
    micros.set(name, (micros.get(name) ?? 0) + spent);
    all += spent;
  }
  return {
    seconds: all / 1e6,
    functions: [...micros]
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, spent]) => ({ name, share: all === 0 ? 0 : spent / all })),
  };
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  // V8's own, such as `(garbage collector)` and `(idle)`, have no place; its lines count from 0.
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`;
}
