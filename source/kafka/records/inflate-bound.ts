import { RecordError } from '../../kernel/errors.ts';

const beyond = new WeakSet<RecordError>();

/**
 * A batch would inflate beyond the bound; `bytes` is its inflated size where the format declares
 * it.
 */
export function beyondBound(codec: string, maxBytes: number, bytes?: number): RecordError {
  const size =
    bytes === undefined ? `more than ${maxBytes} bytes` : `${bytes} bytes, more than the ${maxBytes} allowed`;
  const error = new RecordError(
    `it inflates (${codec}) to ${size}. If that is what its producer wrote, raise maxBufferBytes, of which a batch may have four times as much`,
  );
  beyond.add(error);
  return error;
}

/** Whether it is an error of {@link beyondBound}: the records may be right, but there are too many. */
export function isBeyondBound(error: unknown): boolean {
  return error instanceof RecordError && beyond.has(error);
}

/** The compressed bytes do not have the form that the codec wants. */
export function badlyCompressed(codec: string, reason: string, cause?: unknown): RecordError {
  return new RecordError(
    `its records cannot be inflated (${codec}): ${reason}`,
    cause === undefined ? {} : { cause },
  );
}

/** Whether node:zlib stopped because the output went beyond `maxOutputLength`. */
export function isOutputTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
