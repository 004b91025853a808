import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process as others can find it. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /**
   * Where the pid means something: the boot of the machine and the namespace of its process ids.
   * Neither alone is enough, since containers count their processes anew, and two machines may have
   * one host name. undefined where the system does not say (it has no /proc).
   */
  readonly pidNamespace: string | undefined;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { host: hostname(), pid: process.pid, pidNamespace: pidNamespace() };
}

/** Whether a process of this machine and pid namespace runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is another user's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** @see https://man7.org/linux/man-pages/man7/pid_namespaces.7.html */
function pidNamespace(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${readlinkSync('/proc/self/ns/pid')} ${boot}`;
  } catch {
    // No Linux, or /proc is closed to us: then a dead owner is known by its beat only.
    return undefined;
  }
}
