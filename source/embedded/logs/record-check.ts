import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { RecordWalk } from './record-walk.ts';
import type { WalkedRecords } from './record-walk.ts';

/** What the header of a batch says of its records, and what its topic wants of them. */
export interface RecordRules {
  readonly count: number;
  readonly baseTimestamp: number;
  /** Records of a compacted topic need a key. */
  readonly keysRequired: boolean;
  /** Timestamps outside are refused, but for -1, which is none. */
  readonly oldestTimestamp: number;
  readonly youngestTimestamp: number;
  /** Number of the codec in which the batch is written anew. Undefined: it is stored as it came. */
  readonly codec?: number;
}

/** What became of a check. */
export interface RecordVerdict {
  /** The error code that the batch is refused with, 0 for a good one. */
  readonly code: number;
  /** The largest timestamp of the records, -1 for none. */
  readonly maxTimestamp: number;
  /** The batch that is stored in place of the one that came. */
  readonly rewritten?: Buffer;
}

/** The verdict on records that are refused. */
export function refusedRecords(code: number): RecordVerdict {
  return { code, maxTimestamp: NO_TIMESTAMP };
}

const NO_TIMESTAMP = -1;

/** Checks the records of one batch as a broker does; a long batch in parts. */
export class RecordCheck {
  readonly #walk: RecordWalk;
  readonly #end: number;
  readonly #wereCompressed: boolean;
  readonly #rules: RecordRules;
  #checked = 0;
  #maxTimestamp = NO_TIMESTAMP;
  #isTimeWrong = false;
  #isKeyMissing = false;
  #isOffsetWrong = false;

  constructor(records: WalkedRecords, rules: RecordRules) {
    this.#walk = new RecordWalk(records);
    this.#end = records.bytes.length;
    this.#wereCompressed = records.wereCompressed;
    this.#rules = rules;
  }

  /** Goes on until a record ends after `position`. Undefined while records are left. */
  advance(position: number): RecordVerdict | undefined {
    const { count, baseTimestamp, oldestTimestamp, youngestTimestamp } = this.#rules;
    const walk = this.#walk;
    for (; this.#checked < count; this.#checked++) {
      if (walk.at > position) return undefined;
      const code = walk.next();
      if (code !== ErrorCodes.NONE) return this.#verdict(code);
      const timestamp = baseTimestamp + walk.timestampDelta;
      if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
      if (timestamp !== NO_TIMESTAMP && (timestamp < oldestTimestamp || timestamp > youngestTimestamp)) {
        this.#isTimeWrong = true;
      }
      if (!walk.hasKey) this.#isKeyMissing = true;
      if (walk.offsetDelta !== this.#checked) this.#isOffsetWrong = true;
    }
    return this.#verdict(walk.at === this.#end ? this.#codeOfAll() : ErrorCodes.INVALID_RECORD);
  }

  #codeOfAll(): number {
    if (this.#isTimeWrong) return ErrorCodes.INVALID_TIMESTAMP;
    if (this.#isKeyMissing && this.#rules.keysRequired) return ErrorCodes.INVALID_RECORD;
    // A broker would write compressed records anew, and fails; plain ones it takes as they are. Where it
    // changes the codec, it corrects them.
    const isTaken = !this.#wereCompressed || this.#rules.codec !== undefined;
    if (this.#isOffsetWrong && !isTaken) return ErrorCodes.UNKNOWN_SERVER_ERROR;
    return ErrorCodes.NONE;
  }

  #verdict(code: number): RecordVerdict {
    return { code, maxTimestamp: this.#maxTimestamp };
  }
}
