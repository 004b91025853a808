import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { Fault, FaultPlan } from './fault.ts';
import type { Cycle } from './plan.ts';

/** A line of a journal. What decides is replayed; what was seen is for a reader. */
export type JournalLine =
  | { readonly at: 'round'; readonly workload: string; readonly seed: number; readonly nodes: 1 | 3 }
  | {
      readonly at: 'cycle';
      readonly faults: readonly {
        readonly name: string;
        readonly plan: FaultPlan;
        readonly afterMs: number;
      }[];
    }
  | {
      readonly at: 'seen';
      readonly fault: string;
      readonly mark: string | undefined;
      readonly progressMs: number;
    }
  | { readonly at: 'violation'; readonly invariant: string; readonly text: string };

/** The decisions of one workload's time. */
export interface Round {
  readonly workload: string;
  readonly seed: number;
  readonly nodes: 1 | 3;
  readonly cycles: readonly Cycle[];
}

/** The journal of a campaign: a file with a line of JSON for each decision, written before it is acted upon. */
export class Journal {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
    writeFileSync(file, '');
  }

  write(line: JournalLine): void {
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }

  writeCycle(cycle: Cycle): void {
    this.write({
      at: 'cycle',
      faults: cycle.map(({ fault: { name }, plan, afterMs }) => ({ name, plan, afterMs })),
    });
  }

  /**
   * What a journal decided.
   *
   * @throws Error for a fault that is not among `kinds`, and for a line that is none of a journal
   */
  static read(file: string, kinds: readonly Fault[]): readonly Round[] {
    const rounds: (Omit<Round, 'cycles'> & { readonly cycles: Cycle[] })[] = [];
    for (const text of readFileSync(file, 'utf8').split('\n')) {
      if (text === '') continue;
      const line = JSON.parse(text) as JournalLine;
      if (line.at === 'round') rounds.push({ ...line, cycles: [] });
      else if (line.at === 'cycle') {
        const round = rounds.at(-1);
        if (round === undefined) throw new Error(`${file}: a cycle comes before any round`);
        round.cycles.push(
          line.faults.map(({ name, plan, afterMs }) => {
            const fault = kinds.find((each) => each.name === name);
            if (fault === undefined) throw new Error(`${file}: there is no fault ${name}`);
            return { fault, plan, afterMs };
          }),
        );
      }
    }
    return rounds;
  }
}
