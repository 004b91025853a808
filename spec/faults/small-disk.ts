import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/services/programs.ts';

/** For what a node writes of a campaign. */
const MEGABYTES = 512;
const BLOCK = Buffer.alloc(1024 * 1024);
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
    await run('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', disk.#place], options);
    return disk;
  }

  /** Writes until nothing more can be written. */
  async fill(): Promise<void> {
    const file = await open(this.#filling, 'w');
    try {
      for (;;) await file.write(BLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  /** Takes {@link fill} back. */
  async clear(): Promise<void> {
    await rm(this.#filling, { force: true });
  }

  async unmount(): Promise<void> {
    await run('umount', ['-l', this.#place], options);
  }

  get #filling(): string {
    return join(this.#place, 'filling');
  }
}
