import { CodecError } from '../kernel/errors.ts';

/** @throws CodecError unless it is bytes */
export function checkBytes(codec: string, encoded: unknown): void {
  if (encoded instanceof Uint8Array) return;
  throw new CodecError(`${codec}: bytes are needed, not ${encoded === null ? 'null' : typeof encoded}`);
}
