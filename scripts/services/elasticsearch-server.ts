import { existsSync, realpathSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder } from './folders.ts';
import { startOwnProcess } from './own-process.ts';
import { requirePrograms, run } from './programs.ts';
import {
  startOnFreePorts,
  waitUntilServing,
  type StartedServer,
  type StartOptions,
} from './started-server.ts';

/** The release that specs and compose.yaml use. */
export const elasticsearchVersion = '8.19.6';

const host = '127.0.0.1';
/**
 * Elasticsearch refuses to run as root: then it runs as this user and group, which every Debian
 * has.
 */
const unprivileged = { user: 'nobody', group: 'nogroup' } as const;

export interface StartElasticsearchOptions extends StartOptions {
  /** More lines of elasticsearch.yml. */
  readonly settings?: readonly string[];
  /**
   * For some minutes' work, such as that of specs: it starts in half the time of a processor, since
   * Java compiles less, and would be slow in the long run. Default false.
   */
  readonly isShortLived?: boolean;
}

/**
 * Starts an Elasticsearch of one node. Maven fetches the distribution the first time (93 MB): the
 * server itself without its optional modules, so it has no scripts and no reindex, and `GET /`
 * answers 405.
 *
 * @throws MissingServiceError without java, or without mvn while the distribution is not fetched
 *   yet
 */
export async function startElasticsearch(options: StartElasticsearchOptions = {}): Promise<StartedServer> {
  const home = await distribution();
  return startOnFreePorts(2, ([http = 0, transport = 0]) =>
    startOn({ home, port: options.port ?? http, transport }, options),
  );
}

interface Place {
  /** The folder of the distribution. */
  readonly home: string;
  readonly port: number;
  readonly transport: number;
}

async function startOn(
  { home, port, transport }: Place,
  options: StartElasticsearchOptions,
): Promise<StartedServer> {
  const { java } = requirePrograms('Elasticsearch', ['java']);
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'kasper-elasticsearch-')));
  const config = join(folder, 'config');
  const logFile = join(folder, 'server.log');
  // Beside the configuration: the server refuses to start if the one holds the other.
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  await cp(join(home, 'config'), config, { recursive: true });
  await writeFile(
    join(config, 'elasticsearch.yml'),
    [...settings(folder, port, transport), ...(options.settings ?? []), ''].join('\n'),
  );
  const asRoot = process.getuid?.() === 0;
  if (asRoot) await giveTo(folder, unprivileged);
  const own = await startOwnProcess({
    command: 'bash',
    args: [join(home, 'bin/elasticsearch')],
    logFile,
    lifetime: options.lifetime ?? 'with-starter',
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      ES_JAVA_HOME: dirname(dirname(realpathSync(java))),
      ES_PATH_CONF: config,
      ES_JAVA_OPTS: `-Xms512m -Xmx512m${options.isShortLived === true ? ' -XX:TieredStopAtLevel=1' : ''}`,
      ES_TMPDIR: temporary,
    },
    ...(asRoot ? { as: unprivileged } : {}),
  });
  return waitUntilServing(own, {
    name: 'Elasticsearch',
    port,
    folder,
    logFile,
    deadlineMs: 120_000,
    // The launcher passes it on to the server, which would outlive its launcher's SIGKILL for some
    // seconds.
    stopSignal: 'SIGTERM',
    ask: () => elasticsearchRelease(port),
  });
}

/**
 * The version of the Elasticsearch that listens on a port of 127.0.0.1 (GET /_nodes), once its
 * cluster is ready (GET /_cluster/health).
 *
 * @throws Error if there is none, or it is not ready
 */
export async function elasticsearchRelease(port: number): Promise<string> {
  await getJson(`http://${host}:${port}/_cluster/health?wait_for_status=yellow&timeout=1s`);
  const nodes = await getJson(`http://${host}:${port}/_nodes/http?filter_path=nodes.*.version`);
  const version = /"version":"([^"]+)"/.exec(nodes)?.[1];
  if (version === undefined) throw new Error(`${host}:${port} reports no Elasticsearch version: ${nodes}`);
  return version;
}

async function getJson(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  const text = await response.text();
  if (!response.ok || response.headers.get('x-elastic-product') !== 'Elasticsearch') {
    throw new Error(`${url} does not answer as Elasticsearch: ${response.status} ${text}`);
  }
  return text;
}

async function distribution(): Promise<string> {
  // Root's own cache folder is closed to the user that the server runs as.
  const parent = process.getuid?.() === 0 ? '/var/cache/kasper-ts' : cacheFolder();
  const home = join(parent, `elasticsearch-${elasticsearchVersion}`);
  if (existsSync(home)) return home;
  const { mvn } = requirePrograms(`Elasticsearch ${elasticsearchVersion}`, ['java', 'mvn']);
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'download-'));
  await chmod(folder, 0o755);
  await run(
    mvn,
    [
      '--batch-mode',
      '--quiet',
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack',
      `-Dartifact=org.elasticsearch.distribution.integ-test-zip:elasticsearch:${elasticsearchVersion}:zip`,
      `-DoutputDirectory=${folder}`,
    ],
    { timeoutMs: 300_000, cwd: folder },
  );
  await rename(join(folder, `elasticsearch-${elasticsearchVersion}`), home).catch((error: unknown) => {
    if (!existsSync(home)) throw error;
  });
  await rm(folder, { recursive: true });
  return home;
}

async function giveTo(folder: string, { user, group }: typeof unprivileged): Promise<void> {
  await run('chown', ['-R', `${user}:${group}`, folder], { timeoutMs: 30_000 });
}

function settings(folder: string, port: number, transportPort: number): string[] {
  return [
    'cluster.name: kasper',
    'node.name: kasper-1',
    'discovery.type: single-node',
    `network.host: ${host}`,
    `http.port: ${port}`,
    `transport.port: ${transportPort}`,
    `path.data: ${join(folder, 'data')}`,
    `path.logs: ${join(folder, 'logs')}`,
    // A disk that is nearly full would make every index read-only.
    'cluster.routing.allocation.disk.threshold_enabled: false',
    'node.store.allow_mmap: false',
    'xpack.security.enabled: false',
    'xpack.security.autoconfiguration.enabled: false',
  ];
}
