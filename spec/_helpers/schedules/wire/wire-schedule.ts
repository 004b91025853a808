import { BrokerProxies } from '../../../../source/testing/index.ts';
import type { HappeningCounts } from '../happenings.ts';
import type { Violation } from '../invariants.ts';
import { play, type DrawPlan } from '../random-schedule.ts';
import { Random } from '../random.ts';
import type { NewGround } from '../run-ground.ts';
import { drawPlan } from '../run-plan.ts';
import { ScheduleWorld } from '../schedule-world.ts';
import { FastClock } from './fast-clock.ts';
import type { WireFault } from './wire-fault.ts';
import { SPEED, WireGround } from './wire-ground.ts';
import { WireKafka } from './wire-kafka.ts';

/** A schedule has at most this many runs. */
const MOST_RUNS = 4;

/** What came of one schedule. */
export interface WireOutcome {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<HappeningCounts>;
  /** How often each kind of fault was felt. */
  readonly faults: ReadonlyMap<WireFault['kind'], number>;
}

/**
 * Plays one schedule over the wire, on an embedded cluster of its own. The seed decides what is
 * done and when; what happens at the same time is up to the machine.
 */
export async function playWireSchedule(seed: number, draw: DrawPlan = drawPlan): Promise<WireOutcome> {
  const random = new Random(seed);
  const kafka = await WireKafka.start(random.pick([1, 2, 3]), new FastClock(SPEED));
  const faults = new Map<WireFault['kind'], number>();
  const onFault = (kind: WireFault['kind']) => {
    faults.set(kind, (faults.get(kind) ?? 0) + 1);
  };
  const { brokers } = kafka.cluster;
  const opened = await Promise.all(Array.from({ length: MOST_RUNS }, () => BrokerProxies.start({ brokers })));
  try {
    const left = [...opened];
    const newGround: NewGround = (parts) => {
      const proxies = left.shift();
      if (proxies === undefined) throw new Error(`A schedule has more than ${MOST_RUNS} runs`);
      return new WireGround({ kafka, proxies, onFault }, parts);
    };
    const world = new ScheduleWorld(random, kafka);
    return { ...(await play(world, { newGround, drawPlan: draw })), faults };
  } finally {
    await Promise.all(opened.map((proxies) => proxies.close()));
    await kafka.cluster.close();
  }
}
