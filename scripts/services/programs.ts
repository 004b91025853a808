import { execFile, type ExecFileException } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { MissingServiceError } from './missing-service.ts';

/** The Debian package that holds a program. */
const packages = {
  java: 'default-jre-headless',
  javac: 'default-jdk-headless',
  mvn: 'maven',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  kcat: 'kcat',
  openssl: 'openssl',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  chromium: 'chromium',
  setpriv: 'util-linux',
  ip: 'iproute2',
  ss: 'iproute2',
  'systemd-analyze': 'systemd',
} as const;

export type ProgramName = keyof typeof packages;

/** Whether this is a program whose package is known. */
export function isProgramName(name: string): name is ProgramName {
  return Object.hasOwn(packages, name);
}

/** What to type on Debian for programs that are missing. */
export function debianInstall(names: readonly ProgramName[]): string {
  return `apt-get install ${[...new Set(names.map((name) => packages[name]))].join(' ')}`;
}

/**
 * The path of a program on PATH, undefined where there is none. Links are not resolved: Debian's
 * `redis-server` is a link to a program that acts by the name it was called with.
 */
export function findProgram(name: string): string | undefined {
  const javaHome = process.env['JAVA_HOME'];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  if (name.startsWith('java') && javaHome !== undefined && javaHome !== '')
    folders.unshift(join(javaHome, 'bin'));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * The paths of the programs that a service needs, or a MissingServiceError that names all that are
 * missing.
 */
export function requirePrograms<Name extends ProgramName>(
  service: string,
  names: readonly Name[],
): Record<Name, string> {
  const found = names.map((name) => [name, findProgram(name)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) {
    throw new MissingServiceError(
      service,
      missing,
      `On Debian: ${debianInstall(missing)}; or start Docker, or the service itself (compose.yaml has the ports).`,
    );
  }
  return Object.fromEntries(found) as Record<Name, string>;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string;
}

/** What a program printed. */
export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end and returns what it printed.
 *
 * @throws Error with the command and its output, if it exits with another code than 0 or runs
 *   longer than `timeoutMs`
 */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      {
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 64 * 1024 * 1024,
        ...(options.env === undefined ? {} : { env: options.env }),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr });
        else reject(describeFailure(program, args, options, error, stdout + stderr));
      },
    );
    child.stdin?.once('error', reject);
    if (options.input === undefined) child.stdin?.end();
    else child.stdin?.end(options.input);
  });
}

function describeFailure(
  program: string,
  args: readonly string[],
  options: RunOptions,
  error: ExecFileException,
  output: string,
): Error {
  const how =
    error.killed === true ? `was ended after ${options.timeoutMs} ms` : `failed (${String(error.code)})`;
  return new Error(`${program} ${args.join(' ')} ${how}:\n${output}`, { cause: error });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
