import type { OffsetToCommit } from '../../group-offsets.ts';

/** Below the 1,048,588 bytes that brokers take by default (`message.max.bytes`). */
const MOST_BYTES = 900_000;
/** Where the coordinator refuses this as well, the size is not the reason. */
const LEAST_BYTES = 10_000;
/** What a stored offset takes at most, without the names of group and topic, and its metadata. */
const OFFSET_BYTES = 100;

/**
 * Cuts the offsets of one group into requests. The coordinator stores what one request holds as one
 * record batch, and refuses all of it where that is larger than its topic takes.
 */
export class CommitCut {
  readonly #groupBytes: number;
  #mostBytes = MOST_BYTES;

  constructor(groupId: string) {
    this.#groupBytes = Buffer.byteLength(groupId);
  }

  /** What one request each may hold, in order; none is empty. */
  parts(offsets: readonly OffsetToCommit[]): OffsetToCommit[][] {
    const parts: OffsetToCommit[][] = [];
    let part: OffsetToCommit[] = [];
    let bytes = 0;
    for (const offset of offsets) {
      const more = this.#bytesOf(offset);
      if (part.length > 0 && bytes + more > this.#mostBytes) {
        parts.push(part);
        part = [];
        bytes = 0;
      }
      part.push(offset);
      bytes += more;
    }
    if (part.length > 0) parts.push(part);
    return parts;
  }

  /**
   * A request was refused as a whole: the next ones hold half of it.
   *
   * @returns the new limit in bytes; undefined if the request was as small as it can be
   */
  halve(part: readonly OffsetToCommit[]): number | undefined {
    const bytes = part.reduce((sum, offset) => sum + this.#bytesOf(offset), 0);
    if (part.length < 2 || bytes <= LEAST_BYTES) return undefined;
    this.#mostBytes = Math.max(LEAST_BYTES, Math.floor(bytes / 2));
    return this.#mostBytes;
  }

  #bytesOf({ topic, metadata }: OffsetToCommit): number {
    return OFFSET_BYTES + this.#groupBytes + Buffer.byteLength(topic) + Buffer.byteLength(metadata);
  }
}
