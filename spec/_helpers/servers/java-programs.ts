import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { javaArguments } from '../../../scripts/services/kafka-class-path.ts';
import { requirePrograms, run } from '../../../scripts/services/programs.ts';
import { until } from '../until.ts';
import type { ClusterWithTools } from './services.ts';

const timeoutMs = 180_000;
const maxHeapMb = 256;

/**
 * Runs a class of Kafka's jars to its end and returns what it printed.
 *
 * @throws Error with its output, if it exits with another code than 0
 */
export async function runKafkaClass(
  { libs }: ClusterWithTools,
  javaClass: string,
  args: readonly string[],
): Promise<string> {
  const { java } = requirePrograms('Kafka', ['java']);
  const { stdout } = await run(java, [...quickStart(libs), javaClass, ...args], { timeoutMs });
  return stdout;
}

/**
 * Compiles a program of `spec/_helpers/java`, runs it to its end, and returns what it printed. Its
 * first argument is the cluster.
 *
 * @throws Error with its output, if it exits with another code than 0
 */
export async function runJava(
  { libs, brokers }: ClusterWithTools,
  program: string,
  args: readonly string[],
): Promise<string> {
  const { stdout } = await run(
    jdkJava(),
    [...quickStart(libs), source(program), brokers.join(','), ...args],
    {
      timeoutMs,
    },
  );
  return stdout;
}

/** A program that runs until its standard input ends. */
export interface RunningJava {
  /** Resolves when it has printed a line with this text. */
  printed(text: string): Promise<void>;
  /** Ends it in the ordinary way; its exit code. */
  end(): Promise<number | null>;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
}

/** Compiles and starts a program of `spec/_helpers/java`, which is killed if the spec ends before. */
export function startJava(
  t: ExecutionContext,
  { brokers, libs }: { readonly brokers: readonly string[]; readonly libs: readonly string[] },
  program: string,
  args: readonly string[],
): RunningJava {
  const child = spawn(jdkJava(), [...quickStart(libs), source(program), brokers.join(','), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = outputOf(child);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  t.teardown(kill);
  return {
    printed: async (text) => {
      await until(() => output().includes(text) || child.exitCode !== null, {
        deadlineMs: timeoutMs,
        what: `${program} to print ${text}`,
      });
      if (!output().includes(text)) throw new Error(`${program} did not print ${text}:\n${output()}`);
    },
    end: async () => {
      child.stdin.end();
      const code = await ended;
      if (code !== 0) t.log(output());
      return code;
    },
    kill,
  };
}

function outputOf(child: ChildProcessByStdio<Writable, Readable, Readable>): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  return () => output;
}

/** Short programs: the second compiler of Java costs them more than it gives. */
function quickStart(libs: string | readonly string[]): string[] {
  return ['-XX:TieredStopAtLevel=1', ...javaArguments(libs, maxHeapMb)];
}

function source(program: string): string {
  return join(repositoryRoot, 'spec/_helpers/java', `${program}.java`);
}

/** That of the compiler: what is on the PATH may be without one. */
function jdkJava(): string {
  const { javac } = requirePrograms('a source file of Java', ['javac']);
  return join(javac, '../java');
}
