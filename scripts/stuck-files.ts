import { readdirSync, readFileSync, writeSync } from 'node:fs';
import type { Event } from 'ava/internal';

/** Longer than a file takes that fails because something is left open (spec/_helpers/left-open.ts). */
const LIMIT_MS = 60_000;

type FileStats = Extract<Event, { type: 'stats' }>['stats']['byFile'];

/**
 * Watches a run of ava for files whose specs are all reported and that do not end: those of which the
 * thread hangs at its exit, where nothing in the file can say so. Ava waits for them for ever, without
 * a word. Each is named on stderr, and when they are all that is left, the process is killed: to exit
 * is to wait for all threads.
 */
export class StuckFiles {
  readonly #limitMs: number;
  readonly #ended = new Set<string>();
  /** When the last spec of a file that has not ended was seen to be over. */
  readonly #overSince = new Map<string, number>();
  readonly #stuck = new Set<string>();
  #files: FileStats = new Map();
  #lastEvent = performance.now();

  /** @param limitMs from the last spec of a file until it is stuck; default: a minute */
  constructor(limitMs = LIMIT_MS) {
    this.#limitMs = limitMs;
  }

  /** Resolves with the end of the run. */
  async watch(events: AsyncIterable<Event>): Promise<void> {
    const timer = setInterval(() => {
      this.#look();
    }, this.#limitMs / 10);
    timer.unref();
    for await (const event of events) this.#happened(event);
    clearInterval(timer);
  }

  #happened(event: Event): void {
    this.#lastEvent = performance.now();
    if (event.type === 'stats') this.#files = event.stats.byFile;
    // A worker that failed has its file too, which the type does not say.
    if ((event.type === 'worker-finished' || event.type === 'worker-failed') && 'testFile' in event)
      this.#ended.add(event.testFile);
  }

  #look(): void {
    const now = performance.now();
    let running = 0;
    for (const [file, { selectedTests, remainingTests }] of this.#files) {
      if (this.#ended.has(file)) continue;
      if (selectedTests === 0 || remainingTests > 0) {
        running += 1;
        continue;
      }
      const since = this.#overSince.get(file) ?? now;
      this.#overSince.set(file, since);
      if (now - since < this.#limitMs) running += 1;
      else if (!this.#stuck.has(file)) {
        this.#stuck.add(file);
        writeSync(2, `${stuckText(file, now - since)}\n`);
      }
    }
    // Without an event for as long: no other file is about to start.
    if (this.#stuck.size > 0 && running === 0 && now - this.#lastEvent > this.#limitMs)
      process.kill(process.pid, 'SIGKILL');
  }
}

function stuckText(file: string, forMs: number): string {
  const processes = startedProcesses();
  return [
    `All specs of ${file} are reported, and ${Math.round(forMs / 1_000)} s later it has not ended.`,
    processes.length === 0 ? 'Ava has started no process that lives.' : 'Processes that ava has started:',
    ...processes,
  ].join('\n');
}

/** Those of this process that live, with their command lines. */
function startedProcesses(): string[] {
  return readdirSync('/proc').flatMap((id) => {
    try {
      const [, , parent] = readFileSync(`/proc/${id}/stat`, 'utf8')
        .replace(/^.*\) /, '1 ')
        .split(' ');
      if (Number(parent) !== process.pid) return [];
      return [`${id} ${readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 300)}`];
    } catch {
      // No process, or one that has just ended.
      return [];
    }
  });
}
