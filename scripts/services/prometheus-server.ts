import { mkdtemp, writeFile } from 'node:fs/promises';
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

const host = '127.0.0.1';

export interface StartPrometheusOptions extends StartOptions {
  /** `host:port` of each endpoint that it scrapes, at /metrics. */
  readonly targets: readonly string[];
  /** The label `job` of what it scrapes. Default 'kasper'. */
  readonly job?: string;
  /** How often it scrapes, and evaluates rules. Default 1000. */
  readonly everyMs?: number;
  /** Absolute paths of files with rules. */
  readonly ruleFiles?: readonly string[];
}

/**
 * Starts a Prometheus that keeps what it scrapes in a temporary folder.
 *
 * @throws MissingServiceError without prometheus
 */
export async function startPrometheus(options: StartPrometheusOptions): Promise<StartedServer> {
  requirePrograms('Prometheus', ['prometheus']);
  if (options.port !== undefined) return startOn(options.port, options);
  return startOnFreePorts(1, ([port = 0]) => startOn(port, options));
}

async function startOn(port: number, options: StartPrometheusOptions): Promise<StartedServer> {
  const { prometheus: program } = requirePrograms('Prometheus', ['prometheus']);
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'kasper-prometheus-')));
  const logFile = join(folder, 'server.log');
  const configFile = join(folder, 'prometheus.yml');
  await writeFile(configFile, configuration(options));
  const own = await startOwnProcess({
    command: program,
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${host}:${port}`,
    ],
    logFile,
    lifetime: options.lifetime ?? 'with-starter',
    cwd: folder,
  });
  return waitUntilServing(own, {
    name: 'Prometheus',
    port,
    folder,
    logFile,
    deadlineMs: 20_000,
    stopSignal: 'SIGKILL',
    ask: () => askPrometheus(port, '/-/ready'),
  });
}

/**
 * The body that the Prometheus on a port of 127.0.0.1 answers with.
 *
 * @throws Error if it answers otherwise than with 200
 */
export async function askPrometheus(port: number, path: string): Promise<string> {
  const response = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  const body = await response.text();
  if (!response.ok) throw new Error(`${host}:${port}${path} answers ${response.status}: ${body}`);
  return body;
}

/**
 * The version that the Prometheus on a port of 127.0.0.1 reports.
 *
 * @throws Error if there is none
 */
export async function prometheusVersion(port: number): Promise<string> {
  const { data } = JSON.parse(await askPrometheus(port, '/api/v1/status/buildinfo')) as {
    readonly data: { readonly version: string };
  };
  return data.version;
}

/** JSON is YAML. */
function configuration({ targets, job = 'kasper', everyMs = 1000, ruleFiles = [] }: StartPrometheusOptions) {
  const every = `${everyMs}ms`;
  return JSON.stringify({
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: job, static_configs: [{ targets }] }],
  });
}
