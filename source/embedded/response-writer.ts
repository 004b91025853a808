import { WireWriter } from '../kafka/wire/wire-writer.ts';

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
  readonly fields = new WireWriter(256);
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
