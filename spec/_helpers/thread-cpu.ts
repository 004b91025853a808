import { readFileSync } from 'node:fs';

/** Of Linux: a tick of the times in /proc. */
const TICK_MS = 10;

/**
 * The CPU time that this thread has used, in milliseconds, to 10 ms. Spec files are threads of one
 * process: process.cpuUsage() counts what the others compute meanwhile, too.
 */
export function threadCpuMs(): number {
  const stat = readFileSync('/proc/thread-self/stat', 'utf8');
  // After the name of the program, which may hold anything: the state, and the rest.
  const [user = '', system = ''] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MS;
}
