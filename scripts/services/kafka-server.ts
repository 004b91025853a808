import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { javaArguments, kafkaClassPath, type KafkaVersion } from './kafka-class-path.ts';
import { describeKafka } from './kafka-probe.ts';
import { kafkaProperties, type KafkaNodePlace } from './kafka-properties.ts';
import {
  makeCertificate,
  scramArguments,
  securedListeners,
  securityProperties,
  type KafkaSecurity,
  type KafkaUser,
} from './kafka-security.ts';
import { startOwnProcess, type Lifetime, type OwnProcess, type ProcessEnd } from './own-process.ts';
import { requirePrograms, run } from './programs.ts';
import { PortTakenError } from './started-server.ts';
import { until } from './until.ts';

export interface StartKafkaOptions {
  /** Default 1. With 3, topics have 3 replicas, 2 of which must be in sync. */
  readonly nodes?: 1 | 3;
  /** Ports of the brokers; controllers listen one above. Default: free ones. */
  readonly ports?: readonly number[];
  readonly version?: KafkaVersion;
  /** More lines of server.properties; they win over ours. */
  readonly properties?: Readonly<Record<string, string>>;
  /**
   * Each node gets listeners with TLS and SASL as well, where these may log in. Default: none.
   * Needs openssl.
   */
  readonly users?: readonly KafkaUser[];
  /** Default 'with-starter': the cluster dies with the thread that started it. */
  readonly lifetime?: Lifetime;
  /** For configuration, data and logs. Default: a fresh temporary one, removed by `stop`. */
  readonly folder?: string;
  /** The network namespace that it runs in, and its address there; needs root. Default: ours. */
  readonly network?: { readonly name: string; readonly address: string };
}

/** A node of a cluster that we started. */
export interface KafkaNode {
  readonly id: number;
  readonly broker: string;
  /** Of the present process; another one after `restart`. */
  readonly pid: number;
  /** Server's output, for a look after a failure. */
  readonly logFile: string;
  /** Sends a signal; resolves when the process is gone, or immediately for SIGSTOP and SIGCONT. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /**
   * Starts it again on the same port with the data it had, after SIGKILL if it still runs. Resolves
   * when it serves.
   */
  restart(): Promise<void>;
}

/** A Kafka cluster that we started. */
export interface KafkaServer {
  /** Addresses, host:port. */
  readonly brokers: readonly string[];
  readonly nodes: readonly KafkaNode[];
  /** If `users` were given. */
  readonly security: KafkaSecurity | undefined;
  /** The folder with Kafka's jars. */
  readonly libs: string;
  readonly folder: string;
  /** Stops all nodes together and removes the folder with their data. Idempotent. */
  stop(): Promise<void>;
}

const startTimeoutMs = 90_000;

/**
 * Starts Apache Kafka (KRaft, no Zookeeper) as processes of this machine, and waits until every
 * node serves.
 *
 * @throws MissingServiceError without java, without mvn while the jars are not fetched yet, or
 *   without openssl for `users`
 */
export async function startKafka(options: StartKafkaOptions = {}): Promise<KafkaServer> {
  const libs = await kafkaClassPath(options.version);
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'kasper-kafka-')));
  const attempts = options.ports === undefined ? 3 : 1;
  for (let attempt = 1; ; attempt++) {
    const { nodes, security } = await makeNodes(options, folder, libs);
    try {
      await startTogether(nodes);
      return {
        brokers: nodes.map((node) => node.broker),
        nodes,
        security,
        libs,
        folder,
        stop: () => stopAll(nodes, folder),
      };
    } catch (error) {
      await stopAll(nodes, folder);
      // Between the moment a port was found free and Kafka's start another process may have taken
      // it.
      if (!(error instanceof PortTakenError) || attempt === attempts) throw error;
    }
  }
}

async function startTogether(nodes: readonly OwnKafkaNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.format()));
  await Promise.all(nodes.map((node) => node.start()));
  // A node may serve before it has heard of the others.
  await Promise.all(
    nodes.map((node) =>
      until(async () => (await describeKafka(node.broker)).nodes === nodes.length, {
        deadlineMs: startTimeoutMs,
        what: `${node.broker} to know ${nodes.length} brokers`,
      }),
    ),
  );
}

async function stopAll(nodes: readonly KafkaNode[], folder: string): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill('SIGKILL')));
  await removeFolder(folder);
}

/** Removes a folder with all that is in it. What is mounted in it is emptied and stays, and so does the way to it. */
async function removeFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? removeFolder(path) : rm(path));
  }
  await rmdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error;
  });
}

async function makeNodes(
  options: StartKafkaOptions,
  folder: string,
  libs: string,
): Promise<{ nodes: OwnKafkaNode[]; security: KafkaSecurity | undefined }> {
  const count = options.nodes ?? 1;
  const brokerPorts = options.ports ?? [];
  const { network } = options;
  const free = await freePorts(2 * count);
  const places = Array.from({ length: count }, (_, i): KafkaNodePlace => {
    const fixed = brokerPorts[i];
    return {
      id: i + 1,
      host: network?.address ?? '127.0.0.1',
      brokerPort: fixed ?? free[2 * i] ?? 0,
      controllerPort: fixed === undefined ? (free[2 * i + 1] ?? 0) : fixed + 1,
    };
  });
  const clusterId = randomBytes(16).toString('base64url').replace(/^[-_]/, 'k');
  const { java } = requirePrograms('Kafka', ['java']);
  const secured = options.users && (await secureNodes(places, options.users, folder));
  const nodes = await Promise.all(
    places.map(async (place, i) => {
      const home = join(folder, String(place.id));
      await mkdir(home, { recursive: true });
      const configFile = join(home, 'server.properties');
      const properties = { ...secured?.properties[i], ...options.properties };
      await writeFile(configFile, kafkaProperties(place, places, join(home, 'data'), properties));
      return new OwnKafkaNode(place, {
        home,
        configFile,
        java,
        libs,
        clusterId,
        network: network?.name,
        formatArguments: scramArguments(options.users ?? []),
        lifetime: options.lifetime ?? 'with-starter',
      });
    }),
  );
  return { nodes, security: secured?.security };
}

async function secureNodes(
  places: readonly KafkaNodePlace[],
  users: readonly KafkaUser[],
  folder: string,
): Promise<{ properties: Record<string, string>[]; security: KafkaSecurity }> {
  const { openssl } = requirePrograms('Kafka with TLS', ['openssl']);
  const { certificate, keystoreFile } = await makeCertificate(openssl, folder);
  const free = await freePorts(securedListeners.length * places.length);
  const brokers = { SSL: [] as string[], SASL_PLAINTEXT: [] as string[], SASL_SSL: [] as string[] };
  const properties = places.map((place) => {
    const ports = { SSL: 0, SASL_PLAINTEXT: 0, SASL_SSL: 0 };
    for (const listener of securedListeners) {
      ports[listener] = free.pop() ?? 0;
      brokers[listener].push(`127.0.0.1:${ports[listener]}`);
    }
    return securityProperties(place, ports, keystoreFile, users);
  });
  return { properties, security: { brokers, certificate } };
}

interface NodeSetting {
  readonly home: string;
  readonly configFile: string;
  readonly java: string;
  readonly libs: string;
  readonly clusterId: string;
  /** The network namespace that it runs in; undefined: ours. */
  readonly network: string | undefined;
  /** More arguments of the StorageTool. */
  readonly formatArguments: readonly string[];
  readonly lifetime: Lifetime;
}

class OwnKafkaNode implements KafkaNode {
  readonly id: number;
  readonly broker: string;
  readonly logFile: string;
  readonly #setting: NodeSetting;
  #process: OwnProcess | undefined;

  constructor(place: KafkaNodePlace, setting: NodeSetting) {
    this.id = place.id;
    this.broker = `${place.host}:${place.brokerPort}`;
    this.logFile = join(setting.home, 'server.log');
    this.#setting = setting;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error(`Kafka node ${this.id} was never started`);
    return this.#process.pid;
  }

  async format(): Promise<void> {
    const { java, libs, clusterId, configFile, formatArguments } = this.#setting;
    const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', clusterId, '--config', configFile];
    await run(java, [...javaArguments(libs, 128), ...tool, ...formatArguments], {
      timeoutMs: startTimeoutMs,
    });
  }

  async start(): Promise<void> {
    const { java, libs, configFile, home, lifetime, network } = this.#setting;
    const [command, ...before] = network === undefined ? [java] : ['ip', 'netns', 'exec', network, java];
    const logged = existsSync(this.logFile) ? (await stat(this.logFile)).size : 0;
    const own = await startOwnProcess({
      command,
      args: [...before, ...javaArguments(libs, 384), 'kafka.Kafka', configFile],
      logFile: this.logFile,
      lifetime,
      cwd: home,
    });
    this.#process = own;
    await until(
      async () => {
        if (own.ended !== undefined) throw await this.#startFailure(own.ended);
        return (await readFrom(this.logFile, logged)).includes('Kafka Server started');
      },
      { deadlineMs: startTimeoutMs, everyMs: 50, what: `"Kafka Server started" in ${this.logFile}` },
    );
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const own = this.#process;
    if (own === undefined) return;
    own.signal(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    await own.end;
  }

  async restart(): Promise<void> {
    await this.kill('SIGKILL');
    await this.start();
  }

  async #startFailure(end: ProcessEnd): Promise<Error> {
    const log = await readFile(this.logFile, 'utf8');
    return PortTakenError.orOther(
      `Kafka node ${this.id} ended at start (code ${end.code}, signal ${end.signal}):`,
      log,
    );
  }
}

async function readFrom(file: string, position: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(size - position),
      0,
      size - position,
      position,
    );
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
