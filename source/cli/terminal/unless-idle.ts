import type { Io } from './io.ts';

/**
 * The result of what works; what it awaits in turn may be bounded in the same way. Rejects with this
 * error as soon as nothing is left that could continue: Node.js would exit without a word then.
 */
export async function unlessIdle<T>(
  work: () => Promise<T>,
  io: Pick<Io, 'onIdle'>,
  error: () => Error,
): Promise<T> {
  let forget: () => void = () => undefined;
  const idle = new Promise<never>((_resolve, reject) => {
    forget = io.onIdle(() => {
      reject(error());
    });
  });
  try {
    return await Promise.race([work(), idle]);
  } finally {
    forget();
  }
}
