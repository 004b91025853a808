import type { KafkaAction, KafkaRules } from './kafka-rules.ts';
import type { Way } from './link.ts';

/** Bytes to move on, and what is to happen to them. */
export interface Piece {
  readonly bytes: Buffer;
  /** For how long they are held back beside the latency of the link, in milliseconds. */
  readonly delayMs: number;
  /** The connection is reset when it is their turn; they are not moved on. */
  readonly isReset: boolean;
}

/** What becomes of the bytes of one request or answer. */
type Verdict = 'pass' | 'drop' | 'reset' | { readonly delayMs: number };

/** The length before each request and answer. */
const LENGTH_BYTES = 4;

/** Length, API key, version and correlation id of a request; length and correlation id of an answer. */
const HEAD_BYTES: Readonly<Record<Way, number>> = {
  'to-server': LENGTH_BYTES + 8,
  'to-client': LENGTH_BYTES + 4,
};

/**
 * The requests and answers of one connection of Kafka's protocol, as far as {@link KafkaRules} have
 * to know of them. While there are none, nothing is held back, whatever the protocol is.
 *
 * @see https://kafka.apache.org/protocol#protocol_messages
 */
export class KafkaTraffic {
  readonly #rules: KafkaRules;
  /** What happens to the answers that are awaited, by correlation id; they come in this order. */
  readonly #answers = new Map<number, Verdict>();
  readonly #frames: Readonly<Record<Way, Frames>>;

  constructor(rules: KafkaRules) {
    this.#rules = rules;
    this.#frames = {
      'to-server': new Frames(HEAD_BYTES['to-server'], (head) => this.#request(head)),
      'to-client': new Frames(HEAD_BYTES['to-client'], (head) => this.#answer(head)),
    };
  }

  /** Cuts what has come on a way into what is to be done with it. */
  cut(way: Way, bytes: Buffer): Piece[] {
    const isWatching = !this.#rules.isEmpty || this.#answers.size > 0;
    return this.#frames[way].cut(bytes, isWatching);
  }

  #request(head: Buffer): Verdict {
    const action = this.#rules.meet(head.readInt16BE(LENGTH_BYTES));
    const answer = answerOf(action);
    if (answer !== 'pass') this.#answers.set(head.readInt32BE(LENGTH_BYTES + 4), answer);
    if (action?.action === 'delay') return { delayMs: action.delayMs };
    return action?.action === 'reset' && action.when === 'before' ? 'reset' : 'pass';
  }

  #answer(head: Buffer): Verdict {
    const id = head.readInt32BE(LENGTH_BYTES);
    const verdict = this.#answers.get(id);
    this.#answers.delete(id);
    return verdict ?? 'pass';
  }
}

function answerOf(action: KafkaAction | undefined): Verdict {
  if (action?.action === 'drop-answer') return 'drop';
  return action?.action === 'reset' && action.when === 'after' ? 'reset' : 'pass';
}

/** Cuts the bytes of one way into requests, or answers. */
class Frames {
  readonly #headBytes: number;
  readonly #decide: (head: Buffer) => Verdict;
  #head: Buffer = Buffer.alloc(0);
  /** Bytes of the head that have passed already, because nothing was watched then. */
  #passed = 0;
  /** Bytes that are still to come of the frame whose head is known. */
  #left = 0;
  #verdict: Verdict = 'pass';

  constructor(headBytes: number, decide: (head: Buffer) => Verdict) {
    this.#headBytes = headBytes;
    this.#decide = decide;
  }

  cut(bytes: Buffer, isWatching: boolean): Piece[] {
    const pieces: Piece[] = [];
    for (let rest = bytes; rest.length > 0;) {
      const isHead = this.#left === 0;
      const end = isHead ? this.#headBytes - this.#head.length : this.#left;
      const part = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (isHead) this.#takeHead(part, isWatching, pieces);
      else {
        this.#left -= part.length;
        this.#move(part, pieces);
      }
    }
    return pieces;
  }

  #takeHead(part: Buffer, isWatching: boolean, pieces: Piece[]): void {
    this.#head = Buffer.concat([this.#head, part]);
    this.#verdict = 'pass';
    const isWhole = this.#head.length === this.#headBytes;
    if (isWhole) {
      // A head that has passed in part cannot be held back any more.
      this.#verdict = this.#passed === 0 ? this.#decide(this.#head) : 'pass';
      const length = this.#head.readInt32BE(0);
      // What is shorter than a head is no Kafka: it passes, and so does all that comes.
      this.#left =
        length + LENGTH_BYTES < this.#headBytes ? Infinity : length + LENGTH_BYTES - this.#headBytes;
    }
    if (isWhole || !isWatching) {
      this.#move(this.#head.subarray(this.#passed), pieces);
      this.#passed = isWhole ? 0 : this.#head.length;
    }
    if (isWhole) this.#head = Buffer.alloc(0);
  }

  #move(bytes: Buffer, pieces: Piece[]): void {
    const verdict = this.#verdict;
    if (verdict === 'drop' || bytes.length === 0) return;
    pieces.push({
      bytes,
      delayMs: typeof verdict === 'object' ? verdict.delayMs : 0,
      isReset: verdict === 'reset',
    });
  }
}
