import { mkdir, mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/services/programs.ts';

/** More than what a node writes of a campaign. What is not written takes no memory. */
const ROOMY = '8g';
const options = { timeoutMs: 10_000 };

/** The folder of three nodes of Kafka, of which the last one's data is on a disk of its own that can be full. */
export class SmallDisk {
  /** For `startKafka`. */
  readonly folder: string;
  readonly #place: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#place = join(folder, '3', 'data');
  }

  /** Mounts a tmpfs. @throws Error without the right to */
  static async mount(): Promise<SmallDisk> {
    const disk = new SmallDisk(await mkdtemp(join(tmpdir(), 'kasper-faults-')));
    await mkdir(disk.#place, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${ROOMY}`, 'tmpfs', disk.#place], options);
    return disk;
  }

  /** Makes it as large as what is on it: nothing more can be written. */
  async fill(): Promise<void> {
    for (;;) {
      const { blocks, bfree, bsize } = await statfs(this.#place);
      try {
        await this.#resize(`${(blocks - bfree) * bsize}`);
        return;
      } catch (error) {
        // More was written between the look and the change.
        const { bfree: left } = await statfs(this.#place);
        if (left >= bfree) throw error;
      }
    }
  }

  /** Takes {@link fill} back. */
  async clear(): Promise<void> {
    await this.#resize(ROOMY);
  }

  async unmount(): Promise<void> {
    await run('umount', ['-l', this.#place], options);
  }

  async #resize(size: string): Promise<void> {
    await run('mount', ['-o', `remount,size=${size}`, this.#place], options);
  }
}
