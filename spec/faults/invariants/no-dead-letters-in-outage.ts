import { deadLetterHeaders } from '../../../source/index.ts';
import { numberHeader, type Invariant } from '../workload.ts';
import { Cases } from './cases.ts';

const NAME = 'no-dead-letters-in-outage';

export interface NoDeadLettersInOutageOptions {
  /** The workload's name of the dead-letter topic. */
  readonly letters: string;
  /** Of each kind of poison the error by which it is refused, as dead letters name it. */
  readonly exceptions: Readonly<Record<string, string>>;
}

/**
 * Whatever server is away, a record is set aside only for what it is itself: none that could have been
 * processed, and none of the others because of the outage.
 */
export function noDeadLettersInOutage({ letters, exceptions }: NoDeadLettersInOutageOptions): Invariant {
  return {
    name: NAME,
    async check(run) {
      const good = new Cases(NAME, 'records were set aside that are no poison');
      const other = new Cases(NAME, 'dead letters name another error than that of their poison');
      await run.read(letters, (letter) => {
        const text = (name: string) => String(letter.header(name));
        const [partition, n] = [Number(text(deadLetterHeaders.partition)), Number(text(numberHeader))];
        const exception = text(deadLetterHeaders.exception);
        const { poison } = run.input.record(partition, n);
        const what = () => `record ${partition}/${n}: ${exception}, ${text(deadLetterHeaders.message)}`;
        if (poison === undefined) good.add(what);
        else if (exceptions[poison] !== exception) other.add(() => `${poison}, ${what()}`);
      });
      return [...good.violations, ...other.violations];
    },
  };
}
