import { describeKafka } from '../../../scripts/services/kafka-probe.ts';
import type { Direction } from '../../../source/testing/index.ts';
import { Random } from '../../_helpers/schedules/random.ts';
import type { Fault } from '../fault.ts';
import type { World } from '../world.ts';
import { feltByConnections, numberOf } from './felt.ts';

const felt = (world: World) => {
  const { network } = world.servers;
  return feltByConnections(world, {
    accepted: () => network.accepted,
    heal: () => {
      network.pass();
    },
  });
};

/** 100 ms each way at 3 Mbit/s, which all connections to Kafka share. */
export const slowNetwork: Fault = {
  name: 'slow-network',
  needs: ['proxy'],
  long: false,
  plan: (random) => ({
    lastsMs: random.between(4_000, 7_000),
    latencyMs: 100,
    jitterMs: 20,
    bytesPerSecond: 375_000,
    seed: random.between(0, 1_000_000),
  }),
  inject({ servers: { network } }, plan) {
    const random = new Random(numberOf(plan, 'seed'));
    const latencyMs = numberOf(plan, 'latencyMs');
    network.link({
      latencyMs,
      jitterMs: numberOf(plan, 'jitterMs'),
      bytesPerSecond: numberOf(plan, 'bytesPerSecond'),
      random: () => random.fraction(),
    });
    let mark: string | undefined;
    return Promise.resolve({
      heal: async () => {
        const began = performance.now();
        const { connections } = network;
        await describeKafka(`127.0.0.1:${Object.values(network.ports)[0]}`, 60_000);
        const ms = Math.round(performance.now() - began);
        network.pass();
        // It asks twice.
        if (ms >= 4 * latencyMs && connections > 0)
          mark = `two round trips beside ${connections} connections took ${ms} ms`;
      },
      mark: () => Promise.resolve(mark),
    });
  },
  allows: [],
};

/** Nothing passes between the workers and Kafka, without an error. */
function blackHoleFor(name: string, long: boolean, ms: readonly [from: number, to: number]): Fault {
  return {
    name,
    needs: ['proxy'],
    long,
    isOutage: true,
    plan: (random) => ({ lastsMs: random.between(...ms) }),
    inject(world) {
      world.servers.network.blackHole();
      return Promise.resolve(felt(world));
    },
    allows: [],
  };
}

export const blackHole = blackHoleFor('black-hole', false, [6_000, 8_000]);
export const longBlackHole = blackHoleFor('black-hole-long', true, [60_000, 60_000]);

/** Requests arrive and their answers do not, or the other way round. */
export const oneWayBlackHole: Fault = {
  name: 'black-hole-one-way',
  needs: ['proxy'],
  long: false,
  isOutage: true,
  plan: (random) => ({
    lastsMs: random.between(6_000, 8_000),
    direction: random.pick<Direction>(['to-client', 'to-server']),
  }),
  inject(world, { direction }) {
    world.servers.network.blackHole(direction as Direction);
    return Promise.resolve(felt(world));
  },
  allows: [],
};

/** Each connection to Kafka lives for 0.5 to 1.5 s. */
export const resetStorm: Fault = {
  name: 'reset-storm',
  needs: ['proxy'],
  long: false,
  plan: (random) => ({ lastsMs: random.between(4_000, 8_000), seed: random.between(0, 1_000_000) }),
  inject(world, plan) {
    const random = new Random(numberOf(plan, 'seed'));
    world.servers.network.resetAfter({ fromMs: 500, toMs: 1_500, random: () => random.fraction() });
    return Promise.resolve(felt(world));
  },
  allows: [],
};

/** Acks and answers to commits are lost after they took effect, and answers to fetches are late. */
export const lostAnswers: Fault = {
  name: 'lost-answers',
  needs: ['proxy'],
  long: false,
  plan: (random) => ({ lastsMs: random.between(4_000, 7_000), times: random.between(2, 6) }),
  inject({ servers: { network } }, plan) {
    const times = numberOf(plan, 'times');
    const rules = [
      network.rule({ api: 'Produce', action: 'reset', when: 'after', times }),
      network.rule({ api: 'OffsetCommit', action: 'reset', when: 'after', times }),
      network.rule({ api: 'OffsetCommit', action: 'drop-answer' }),
      network.rule({ api: 'Fetch', action: 'delay', delayMs: 1_000, times }),
    ];
    return Promise.resolve({
      isFelt: () => rules.slice(0, 2).every(({ hits }) => hits > 0),
      heal: () => {
        for (const rule of rules) rule.cancel();
        return Promise.resolve();
      },
      mark: () => {
        const hits = rules.map((rule) => rule.hits);
        return Promise.resolve(
          (hits[0] ?? 0) > 0 && (hits[1] ?? 0) > 0
            ? `acks lost: ${hits[0]}, answers to commits: ${(hits[1] ?? 0) + (hits[2] ?? 0)}, fetches late: ${hits[3]}`
            : undefined,
        );
      },
    });
  },
  allows: [],
};
