import { WireWriter } from '../kafka/wire/wire-writer.ts';

/** The longest answer without its records, twice as long as the metadata of all partitions there may be. */
const MAX_FIELDS_BYTES = 67_108_864;

interface Attachment {
  /** Bytes of the writer that come before it. */
  readonly at: number;
  readonly views: readonly Buffer[];
}

/**
 * The body of a response: fields go through {@link fields}; record batches are attached as views
 * and never copied.
 */
export class ResponseWriter {
  readonly fields = new WireWriter(256, MAX_FIELDS_BYTES);
  readonly #attachments: Attachment[] = [];
  #attachedBytes = 0;

  /** Puts the views after all that was written so far. */
  attach(views: readonly Buffer[]): void {
    this.#attachments.push({ at: this.fields.length, views });
    for (const view of views) this.#attachedBytes += view.length;
  }

  get length(): number {
    return this.fields.length + this.#attachedBytes;
  }

  /** The whole body, in pieces that are to be sent one after another. */
  pieces(): Buffer[] {
    const written = this.fields.toBuffer();
    const pieces: Buffer[] = [];
    let from = 0;
    for (const { at, views } of this.#attachments) {
      if (at > from) pieces.push(written.subarray(from, at));
      pieces.push(...views);
      from = at;
    }
    if (written.length > from) pieces.push(written.subarray(from));
    return pieces;
  }
}
