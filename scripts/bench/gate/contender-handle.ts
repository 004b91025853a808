import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { GateJob } from './gate-job.ts';

/** A contender's process. */
export class ContenderHandle {
  readonly #name: string;
  readonly #child;

  constructor(name: 'kasper' | 'kafkajs') {
    this.#name = name;
    this.#child = fork(new URL('./contender-process.js', import.meta.url), [name], {
      execArgv: ['--enable-source-maps', '--expose-gc'],
    });
  }

  /** Has it do a job; resolves with the CPU seconds that it took. */
  async run(job: GateJob): Promise<number> {
    const over = new AbortController();
    const { signal } = over;
    const ended = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`${this.#name} ended with ${String(code)} in ${job.kind}`);
    });
    ended.catch(() => undefined);
    try {
      const answered = once(this.#child, 'message', { signal });
      this.#child.send(job);
      const [cpuSeconds] = (await Promise.race([answered, ended])) as [number];
      return cpuSeconds;
    } finally {
      over.abort();
    }
  }

  /** It ends by itself once it hears no more of us. */
  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
