import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** How to get a program that some specs need. */
const remedies: Readonly<Record<string, string>> = {
  javac: 'apt-get install default-jdk-headless',
  kcat: 'apt-get install kcat, or https://github.com/edenhill/kcat',
};

/**
 * The path of a program. Where it is missing, REQUIRE_SERVICES=1 makes that an error; else one line says so, and the
 * spec returns early.
 */
export function requireTool(t: ExecutionContext, name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (isExecutable(path)) return path;
  }
  const missing = `'${t.title}' needs ${name}: ${remedies[name] ?? 'install it'}`;
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(missing);
  t.log(`Skipped: ${missing}`);
  t.pass();
  return undefined;
}

/** Runs a program to its end and returns what it printed; fails if it fails, or takes more than 30 seconds. */
export function runTool(path: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(path, args, { timeout: 30_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${path} ${args.join(' ')}: ${stderr}`, { cause: error }));
    });
    child.stdin?.end(input);
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
