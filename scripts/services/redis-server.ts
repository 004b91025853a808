import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOwnProcess } from './own-process.ts';
import { requirePrograms } from './programs.ts';
import {
  startOnFreePorts,
  waitUntilServing,
  type StartedServer,
  type StartOptions,
} from './started-server.ts';

const loopback = '127.0.0.1';

export interface StartRedisOptions extends StartOptions {
  /**
   * More arguments, such as `['--appendonly', 'yes']`; of those given twice the last one counts.
   */
  readonly args?: readonly string[];
  /** The network namespace that it runs in, and its address there; needs root. Default: ours. */
  readonly network?: { readonly name: string; readonly address: string };
}

/** A Redis that we started. */
export interface RedisServer extends StartedServer {
  /**
   * Ends it as a crash does (SIGKILL), with its folder left. Resolves when its process has ended:
   * before that its port is not free for another one.
   */
  kill(): Promise<void>;
}

/**
 * Starts a Redis that keeps nothing on disk, unless its arguments say so.
 *
 * @throws MissingServiceError without redis-server
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  requirePrograms('Redis', ['redis-server']);
  if (options.port !== undefined) return startOn(options.port, options);
  return startOnFreePorts(1, ([port = 0]) => startOn(port, options));
}

async function startOn(port: number, options: StartRedisOptions): Promise<RedisServer> {
  const { 'redis-server': program } = requirePrograms('Redis', ['redis-server']);
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'kasper-redis-')));
  const logFile = join(folder, 'server.log');
  const { network } = options;
  const host = network?.address ?? loopback;
  const [command, ...before] =
    network === undefined ? [program] : ['ip', 'netns', 'exec', network.name, program];
  const own = await startOwnProcess({
    command,
    args: [
      ...before,
      ...['--protected-mode', 'no'],
      ...['--port', String(port), '--bind', host, '--save', '', '--appendonly', 'no', '--dir', folder],
      ...(options.args ?? []),
    ],
    logFile,
    lifetime: options.lifetime ?? 'with-starter',
    cwd: folder,
  });
  const server = await waitUntilServing(own, {
    name: 'Redis',
    port,
    folder,
    logFile,
    deadlineMs: 10_000,
    stopSignal: 'SIGKILL',
    host,
    ask: async () => {
      const { pid } = await askRedis(port, host);
      // Before ours has found its port taken.
      if (pid !== own.pid) throw new Error(`another Redis, of process ${pid}, has port ${port}`);
    },
  });
  const kill = async () => {
    own.signal('SIGKILL');
    await own.end;
  };
  return { ...server, kill };
}

/**
 * The version that the Redis on a port reports (INFO).
 *
 * @throws Error if there is none
 */
export async function redisVersion(port: number): Promise<string> {
  return (await askRedis(port)).version;
}

function askRedis(
  port: number,
  host = loopback,
): Promise<{ readonly version: string; readonly pid: number }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let text = '';
    const fail = (cause?: unknown) => {
      socket.destroy();
      reject(new Error(`${host}:${port} does not answer as a Redis server: ${text}`, { cause }));
    };
    socket.setTimeout(3_000, fail);
    socket.once('error', fail);
    socket.once('close', fail);
    socket.on('data', (bytes) => {
      text += bytes.toString();
      const [, version] = /redis_version:(\S+)/.exec(text) ?? [];
      const [, pid] = /process_id:(\d+)\r/.exec(text) ?? [];
      if (version === undefined || pid === undefined) return;
      resolve({ version, pid: Number(pid) });
      socket.destroy();
    });
    socket.write('INFO server\r\n');
  });
}
