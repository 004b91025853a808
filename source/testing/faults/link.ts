import { checkArguments } from '../../kernel/check-arguments.ts';
import { checkOptionNames } from '../../kernel/check-option-names.ts';
import { durationProblem } from '../../kernel/duration.ts';

/** The ways that a fault is to be on: of what clients send, of what the server sends, or both. */
export type Direction = 'to-server' | 'to-client' | 'both';

/** One way through a proxy. */
export type Way = Exclude<Direction, 'both'>;

/** What a link between clients and a server is like, on each way that it is set for. */
export interface LinkOptions {
  /** How long bytes take, in milliseconds. Default 0. A round trip takes that of both ways. */
  readonly latencyMs?: number;
  /** How much longer some take, up to this many milliseconds. Bytes keep their order. Default 0. */
  readonly jitterMs?: number;
  /** The bandwidth, which all connections share. Default: without a limit. */
  readonly bytesPerSecond?: number;
  /** Where jitter comes from, in [0, 1). Default Math.random. */
  readonly random?: () => number;
}

/** What waits at the begin of a way. */
export interface Waiting {
  /** Moves at most this many bytes on. @returns how many */
  move(bytes: number): number;
}

/** How often the bytes of a limited way are moved on, in milliseconds. */
const TICK_MS = 20;
/** What one connection moves before it is the turn of the next one. */
const PACKET_BYTES = 1_448;

/** One way of a link, which connections share packet by packet. */
export class Lane {
  readonly #options: LinkOptions;
  readonly #waiting = new Set<Waiting>();
  #budget = 0;
  #timer: NodeJS.Timeout | undefined;
  #beforeMs = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** How long the bytes that enter now take, in milliseconds. */
  get delayMs(): number {
    const { latencyMs = 0, jitterMs = 0, random = Math.random } = this.#options;
    return jitterMs === 0 ? latencyMs : latencyMs + random() * jitterMs;
  }

  /** Moves what waits, now, or packet by packet as the bandwidth allows. */
  wake(waiting: Waiting): void {
    if (this.#options.bytesPerSecond === undefined) {
      waiting.move(Infinity);
      return;
    }
    this.#waiting.add(waiting);
    if (this.#timer !== undefined) return;
    this.#beforeMs = performance.now();
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  /** It uses this lane no more. */
  leave(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size === 0) this.#rest();
  }

  #tick(): void {
    const now = performance.now();
    // While the event loop did not turn, nothing has gathered.
    const ms = Math.min(now - this.#beforeMs, 5 * TICK_MS);
    this.#beforeMs = now;
    this.#budget += ((this.#options.bytesPerSecond ?? 0) * ms) / 1_000;
    for (const waiting of this.#waiting) {
      // With nothing left of the budget it keeps its turn for the next tick.
      if (this.#budget <= 0) return;
      this.#waiting.delete(waiting);
      const moved = waiting.move(PACKET_BYTES);
      this.#budget -= moved;
      // At the end of the line. A set visits what is added while it is walked through.
      if (moved > 0) this.#waiting.add(waiting);
    }
    if (this.#waiting.size === 0) this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    // What was not used is gone.
    this.#budget = Math.min(0, this.#budget);
  }
}

/** @throws ConfigError */
export function checkLink(options: unknown, direction: unknown): void {
  checkOptionNames('link', options, ['latencyMs', 'jitterMs', 'bytesPerSecond', 'random']);
  const { latencyMs = 0, jitterMs = 0, bytesPerSecond, random } = options as Record<string, unknown>;
  checkArguments(
    'link',
    [isDuration(latencyMs), 'latencyMs must be a number of milliseconds from 0', latencyMs],
    [isDuration(jitterMs), 'jitterMs must be a number of milliseconds from 0', jitterMs],
    [
      bytesPerSecond === undefined || (Number.isFinite(bytesPerSecond) && (bytesPerSecond as number) > 0),
      'bytesPerSecond must be a number above 0',
      bytesPerSecond,
    ],
    isRandom(random),
    isDirection(direction),
  );
}

/** As an argument to check. */
export function isRandom(random: unknown): [boolean, string, unknown] {
  return [
    random === undefined || typeof random === 'function',
    'random must be a function that gives a number from 0 to below 1',
    random,
  ];
}

/** As an argument to check. */
export function isDirection(direction: unknown): [boolean, string, unknown] {
  const directions: readonly unknown[] = ['both', 'to-server', 'to-client'] satisfies Direction[];
  return [directions.includes(direction), `direction must be one of ${directions.join(', ')}`, direction];
}

/** Whether it can be waited for. */
export function isDuration(value: unknown): boolean {
  return durationProblem(value) === undefined;
}
