import type { Random } from '../../_helpers/schedules/random.ts';
import type { GeneratedRecord } from '../workload.ts';

/** An order, as the job expects them. */
export interface Order {
  readonly amount: number;
  /** The job asks Redis for the price: by its store, or by the bare client. */
  readonly ask?: 'store' | 'client';
  /** The job throws this kind of thing. */
  readonly throws?: Thrown;
}

export type Thrown = 'error' | 'unrecoverable' | 'text';

/** Records with more than this cannot be sent; the input may have larger ones. */
export const MAX_RECORD_BYTES = 20_000;
const POISON_SHARE = 0.01;
/** Of the records that are no poison. */
const ASKING_SHARE = 0.02;
const KEYS = 40;

/** Kinds of records that cannot be processed, with the errors by which the job refuses them. */
export const poisonKinds = {
  'bad-json': 'SyntaxError',
  empty: 'SyntaxError',
  tombstone: 'TypeError',
  oversize: 'SEND',
  'huge-header': 'SEND',
  error: 'RangeError',
  unrecoverable: 'UNRECOVERABLE',
  text: 'string',
} as const;

export type PoisonKind = keyof typeof poisonKinds;

const kinds = Object.keys(poisonKinds) as [PoisonKind, ...PoisonKind[]];

/** One record in a hundred is poison, of all kinds; keys are shared with those that are not. */
export function poisonOrOrder(random: Random, partition: number): GeneratedRecord {
  const key = keyOf(random, partition);
  const order: Order = { amount: random.between(1, 1_000) };
  if (random.chance(POISON_SHARE)) return { key, ...poison(random, order) };
  const ask = random.chance(ASKING_SHARE) ? random.pick<'store' | 'client'>(['store', 'client']) : undefined;
  return { key, value: json(ask === undefined ? order : { ...order, ask }) };
}

function keyOf(random: Random, partition: number): string | null {
  const share = random.fraction();
  if (share < 0.03) return null;
  return share < 0.05 ? '' : `${partition}.k${random.between(0, KEYS - 1)}`;
}

function poison(random: Random, order: Order): Omit<GeneratedRecord, 'key'> {
  const kind = random.pick(kinds);
  const headers = oddHeaders(random);
  // Twice as much cannot be sent; once, and the headers of a dead letter, can.
  const large = random.between(MAX_RECORD_BYTES / 2, MAX_RECORD_BYTES - 1_500);
  switch (kind) {
    case 'bad-json':
      return { poison: kind, headers, value: json(order).subarray(0, -1) };
    case 'empty':
      return { poison: kind, headers, value: Buffer.alloc(0) };
    case 'tombstone':
      return { poison: kind, headers, value: null };
    case 'oversize':
      return { poison: kind, headers, value: json({ ...order, note: 'n'.repeat(large) }) };
    case 'huge-header':
      return { poison: kind, headers: [...headers, 'trace', bytes(random, large)], value: json(order) };
    case 'error':
    case 'unrecoverable':
    case 'text':
      return { poison: kind, headers, value: json({ ...order, throws: kind }) };
  }
}

/** What a copy by way of text, or of an object, would change. */
function oddHeaders(random: Random): (string | Buffer | null)[] {
  return [
    ...['twice', Buffer.from('first'), 'twice', Buffer.from('second')],
    ...['bytes', bytes(random, random.between(0, 40))],
    ...['größe ✓', Buffer.from('ü')],
    ...['nothing', null],
    ...['', Buffer.of()],
  ];
}

function bytes(random: Random, length: number): Buffer {
  const made = Buffer.alloc(length);
  for (let at = 0; at < length; at++) made[at] = random.between(0, 255);
  return made;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
