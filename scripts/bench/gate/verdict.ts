import { median } from '../figures.ts';

/** CPU time of one job, beside that of kafkajs for the same, run right before or after it. */
export interface CpuPair {
  /** Seconds for a million records. */
  readonly kasper: number;
  readonly kafkajs: number;
}

/** What one job costs as a share of what it costs kafkajs, by the name of the job. */
export type Ratios = Readonly<Record<string, number>>;

export interface Verdict {
  readonly ratios: Ratios;
  /** A line for each job. */
  readonly lines: readonly string[];
  /** Why a job fails, by its name. */
  readonly failures: ReadonlyMap<string, string>;
}

/** How much dearer a job may become, as a share of the recorded ratio. */
export const TOLERANCE = 0.15;
const RECORD_ANEW = 'npm run bench -- gate --record';

/**
 * Compares what jobs cost with what was recorded: a job fails whose median ratio is more than
 * {@link TOLERANCE} above the recorded one, or that has none.
 */
export function judge(pairs: ReadonlyMap<string, readonly CpuPair[]>, recorded: Ratios): Verdict {
  const ratios: Record<string, number> = {};
  const lines: string[] = [];
  const failures = new Map<string, string>();
  for (const [job, all] of pairs) {
    const ratio = median(all.map(({ kasper, kafkajs }) => kasper / kafkajs));
    ratios[job] = round(ratio);
    const before = recorded[job];
    const cpu = (of: keyof CpuPair) => median(all.map((pair) => pair[of])).toFixed(2);
    lines.push(
      `${job}: ${cpu('kasper')} CPU s per million, kafkajs ${cpu('kafkajs')}: ratio ${shown(ratio)}, ` +
        (before === undefined
          ? 'none recorded'
          : `recorded ${shown(before)} (${percent(ratio / before - 1)})`),
    );
    if (before === undefined) {
      failures.set(job, `${job}: no ratio is recorded. Record it: ${RECORD_ANEW}`);
    } else if (ratio > before * (1 + TOLERANCE)) {
      failures.set(
        job,
        `${job}: ratio ${shown(ratio)} to kafkajs, recorded ${shown(before)}: ${percent(ratio / before - 1)}, ` +
          `more than the ${TOLERANCE * 100} % that are allowed. Make it cheaper, or, if it must cost that, record anew: ${RECORD_ANEW}`,
      );
    }
  }
  return { ratios, lines, failures };
}

function round(ratio: number): number {
  return Number(ratio.toFixed(4));
}

function shown(ratio: number): string {
  return ratio.toFixed(3);
}

function percent(share: number): string {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(0)} %`;
}
