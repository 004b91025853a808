import { repositoryRoot } from './folders.ts';
import { findProgram, run } from './programs.ts';

const options = { timeoutMs: 600_000, cwd: repositoryRoot };

/**
 * Whether containers can be started: a docker command alone says nothing, it may lack an engine or
 * the compose plugin.
 */
export async function hasDockerCompose(): Promise<boolean> {
  const docker = findProgram('docker');
  if (docker === undefined) return false;
  try {
    await run(docker, ['info'], { timeoutMs: 10_000 });
    await run(docker, ['compose', 'version'], { timeoutMs: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** Starts services of compose.yaml and waits for their health checks. */
export async function composeUp(composeServices: readonly string[]): Promise<void> {
  await run('docker', ['compose', 'up', '--detach', '--wait', ...composeServices], options);
}

/** Stops and removes them, with their data. */
export async function composeDown(composeServices: readonly string[]): Promise<void> {
  await run('docker', ['compose', 'rm', '--stop', '--force', '--volumes', ...composeServices], options);
}
