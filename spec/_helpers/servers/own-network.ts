import { randomInt } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { run } from '../../../scripts/services/programs.ts';

/**
 * A network of its own for a server: a namespace of the kernel, which is reached by a pair of
 * virtual Ethernet devices. Its wire can be cut: then what either side sends is lost, and the
 * kernels send it again, as between two machines.
 */
export interface OwnNetwork {
  /** The namespace: what `ip netns exec` runs in it listens at {@link address}. */
  readonly name: string;
  /** The address of the server's side. */
  readonly address: string;
  /** What is sent is lost from now on, in both directions, without an error. */
  cut(): Promise<void>;
  /** What is sent arrives again. */
  heal(): Promise<void>;
  /** The connections of this machine to a port of the server, those of ended processes too. */
  connectionsTo(port: number): Promise<Connection[]>;
}

/** A connection as the kernel sees it. */
export interface Connection {
  /** `ESTAB`; `FIN-WAIT-1` where it was closed, and what was written is still to be sent. */
  readonly state: string;
  /** Bytes that were written, and that the other side has not acked. */
  readonly unackedBytes: number;
  /** In how many milliseconds they are sent again; 0 where nothing is to be sent. */
  readonly againInMs: number;
}

const [ourMac, theirMac, nobodysMac] = ['02:00:00:00:07:01', '02:00:00:00:07:02', '02:00:00:00:07:ff'];

/** A network of this spec alone, removed after it. Needs root, and `ip` and `ss` of iproute2. */
export async function ownNetwork(t: ExecutionContext): Promise<OwnNetwork> {
  const id = randomInt(0x1000, 0x10000).toString(16);
  const [name, ours, theirs] = [`kasper-${id}`, `kasper-${id}a`, `kasper-${id}b`];
  // For measuring networks (RFC 2544): on no real one.
  const subnet = `198.18.${randomInt(256)}.${4 * randomInt(64)}`;
  const host = (n: number) => subnet.replace(/\d+$/, (last) => String(Number(last) + n));
  const ip = async (...args: readonly string[]) => run('ip', args, { timeoutMs: 10_000 });
  const inside = (...args: readonly string[]) => ip('-n', name, ...args);
  await ip('netns', 'add', name);
  t.teardown(() => ip('netns', 'del', name));
  await ip(
    'link',
    'add',
    ours,
    'address',
    ourMac,
    ...['type', 'veth', 'peer', 'name', theirs],
    'address',
    theirMac,
    'netns',
    name,
  );
  await ip('addr', 'add', `${host(1)}/30`, 'dev', ours);
  await inside('addr', 'add', `${host(2)}/30`, 'dev', theirs);
  await inside('link', 'set', 'lo', 'up');
  await inside('link', 'set', theirs, 'up');
  await ip('link', 'set', ours, 'up');
  // The wire is cut by sending to a device that nobody has: no module of the kernel is needed.
  const sendTo = async ([to, back]: readonly [string, string]) => {
    await ip('neigh', 'replace', host(2), 'lladdr', to, 'dev', ours, 'nud', 'permanent');
    await inside('neigh', 'replace', host(1), 'lladdr', back, 'dev', theirs, 'nud', 'permanent');
  };
  const heal = () => sendTo([theirMac, ourMac]);
  await heal();
  return {
    name,
    address: host(2),
    cut: () => sendTo([nobodysMac, nobodysMac]),
    heal,
    async connectionsTo(port) {
      const { stdout } = await run('ss', ['-tnoH', 'dst', `${host(2)}:${port}`], { timeoutMs: 10_000 });
      return stdout.split('\n').flatMap((line) => {
        const [state, , unacked] = line.trim().split(/\s+/);
        if (state === undefined || unacked === undefined) return [];
        // The end of a connection counts as a byte.
        const end = ['FIN-WAIT-1', 'CLOSING', 'LAST-ACK'].includes(state) ? 1 : 0;
        return [{ state, unackedBytes: Number(unacked) - end, againInMs: timerOf(line) }];
      });
    },
  };
}

/** `timer:(on,6.4sec,5)`, `timer:(on,180ms,2)`, or `timer:(on,1min,8)`: in milliseconds. */
function timerOf(line: string): number {
  const [, minutes = '0', seconds = '0', ms = '0'] =
    /timer:\(on,(?:(\d+)min)?(?:([\d.]+)sec)?(?:(\d+)ms)?/.exec(line) ?? [];
  return Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(ms);
}
