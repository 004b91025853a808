import type { EmbeddedCluster } from '../../../../source/embedded/index.ts';
import type { BrokerProxies } from '../../../../source/testing/index.ts';
import { sleep } from '../../../../source/kernel/clock.ts';
import { GROUP } from '../../fakes/processor-run.ts';
import type { FastClock } from './fast-clock.ts';
import type { WireFault } from './wire-fault.ts';

/** What is made faulty. */
export interface WireParts {
  readonly cluster: EmbeddedCluster;
  readonly proxies: BrokerProxies;
  /** Of those who interfere, not of the run. */
  readonly clock: FastClock;
  /** A fault is at work, or has met a request. */
  readonly onFault: (kind: WireFault['kind']) => void;
}

/** Plays the faults of one run, each at its time; all are over after {@link stop}. */
export class WireFaults {
  readonly #parts: WireParts;
  readonly #ending = new AbortController();
  readonly #stopped = new Set<number>();
  readonly #played: Promise<void>[];

  constructor(parts: WireParts, faults: readonly WireFault[]) {
    this.#parts = parts;
    this.#played = faults.map((fault) => this.#play(fault));
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#played);
  }

  async #play(fault: WireFault): Promise<void> {
    if (!(await this.#wait(fault.atMs))) return;
    const heal = await this.#inject(fault);
    if (heal === undefined) return;
    await this.#wait(fault.lastsMs);
    await heal();
  }

  /** Returns false if all is to be over. */
  async #wait(ms: number): Promise<boolean> {
    try {
      await sleep(this.#parts.clock, ms, this.#ending.signal);
      return true;
    } catch {
      return false;
    }
  }

  /** Returns what ends the fault; undefined where it is over, or cannot be now. */
  async #inject(fault: WireFault): Promise<(() => void | Promise<void>) | undefined> {
    const { cluster, proxies, onFault } = this.#parts;
    const { faults } = cluster;
    switch (fault.kind) {
      case 'refuse':
      case 'slow':
      case 'drop': {
        const handle =
          fault.kind === 'refuse'
            ? faults.fail(fault)
            : fault.kind === 'slow'
              ? faults.delay(fault)
              : faults.drop(fault);
        return () => {
          handle.cancel();
          if (handle.hits > 0) onFault(fault.kind);
        };
      }
      case 'freeze':
        faults.freeze(fault.node);
        onFault(fault.kind);
        return () => {
          faults.thaw(fault.node);
        };
      case 'stop':
        return this.#stopNode(fault.node);
      case 'move-leader':
      case 'move-coordinator':
        this.#move(fault);
        return undefined;
      case 'reset':
        onFault(fault.kind);
        proxies.reset();
        return undefined;
      case 'black-hole':
        onFault(fault.kind);
        proxies.blackHole();
        return () => {
          proxies.pass();
        };
      case 'latency':
        onFault(fault.kind);
        proxies.link({ latencyMs: this.#parts.clock.realMs(fault.ms) });
        return () => {
          proxies.pass();
        };
      case 'cut':
        onFault(fault.kind);
        for (const broker of cluster.brokers) proxies.broker(broker).cutAfter(fault.bytes);
        return () => {
          proxies.pass();
        };
    }
  }

  #move(fault: Extract<WireFault, { kind: 'move-leader' | 'move-coordinator' }>): void {
    const { cluster, onFault } = this.#parts;
    // It would lead nothing.
    if (this.#stopped.has(fault.node)) return;
    onFault(fault.kind);
    if (fault.kind === 'move-leader') cluster.moveLeader(fault.topic, fault.partition, fault.node);
    else cluster.moveCoordinator(GROUP, fault.node);
  }

  async #stopNode(node: number): Promise<(() => Promise<void>) | undefined> {
    const { cluster, onFault } = this.#parts;
    if (this.#stopped.has(node)) return undefined;
    this.#stopped.add(node);
    onFault('stop');
    await cluster.stopNode(node);
    return async () => {
      await cluster.startNode(node);
      this.#stopped.delete(node);
    };
  }
}
