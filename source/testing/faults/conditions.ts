import { checkArguments } from '../../kernel/check-arguments.ts';
import { checkOptionNames } from '../../kernel/check-option-names.ts';
import { KafkaRules } from './kafka-rules.ts';
import { isDuration, isRandom, Lane, type Direction, type Way } from './link.ts';

/** For how long connections live. */
export interface LifeOptions {
  /** At least, in milliseconds. */
  readonly fromMs: number;
  /** At most, in milliseconds. */
  readonly toMs: number;
  /** Where the length of each life comes from, in [0, 1). Default Math.random. */
  readonly random?: () => number;
}

/** What a proxy does with all that passes through it. */
export class Conditions {
  readonly rules = new KafkaRules();
  readonly lanes: Record<Way, Lane> = { 'to-server': new Lane({}), 'to-client': new Lane({}) };
  /** Ways on which nothing passes. */
  readonly held: Record<Way, boolean> = { 'to-server': false, 'to-client': false };
  /** After how many bytes of answers the next connection breaks. */
  cutBytes: number | undefined;
  life: LifeOptions | undefined;
  isRefusing = false;

  /** As a network without a fault. */
  clear(): void {
    this.rules.clear();
    for (const way of ways) {
      this.lanes[way] = new Lane({});
      this.held[way] = false;
    }
    this.cutBytes = undefined;
    this.life = undefined;
    this.isRefusing = false;
  }
}

const ways = ['to-server', 'to-client'] as const;

/** The ways of a direction. */
export function waysOf(direction: Direction): readonly Way[] {
  return direction === 'both' ? ways : [direction];
}

/** @throws ConfigError */
export function checkLife(options: unknown): void {
  checkOptionNames('resetAfter', options, ['fromMs', 'toMs', 'random']);
  const { fromMs, toMs, random } = options as Record<string, unknown>;
  checkArguments(
    'resetAfter',
    [isDuration(fromMs), 'fromMs must be a number of milliseconds from 0', fromMs],
    [
      isDuration(toMs) && !((toMs as number) < (fromMs as number)),
      'toMs must be a number of milliseconds, at least fromMs',
      toMs,
    ],
    isRandom(random),
  );
}
