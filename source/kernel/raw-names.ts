/**
 * Under this symbol a consumed message gives its headers with names that can be sent on byte for
 * byte, also those that are no UTF-8: see {@link exactHeadersOf}.
 */
export const exactHeaders = Symbol('exactHeaders');

/** By name-value pair: a name is text for all who read it, and these bytes for who sends the pair. */
const rawNames = new WeakMap<object, Uint8Array>();
let isAnyKept = false;

/** Keeps the bytes of a name that is no text beside its pair, for as long as that lives. */
export function keepRawName(pair: object, name: Uint8Array): void {
  rawNames.set(pair, name);
  isAnyKept = true;
}

/** The bytes of a name that was kept. As good as free while none was. */
export function rawNameOf(pair: object): Uint8Array | undefined {
  return isAnyKept ? rawNames.get(pair) : undefined;
}

/**
 * The headers of a message, to be sent on as they are. Reading them in the usual way does not look
 * whether names are text, which would cost each header something.
 */
export function exactHeadersOf<Pair>(message: { readonly headers: Iterable<Pair> }): Pair[] {
  const exact = (message as { [exactHeaders]?: () => Iterable<Pair> })[exactHeaders]?.();
  return [...(exact ?? message.headers)];
}
