import { KasperError } from './errors.ts';
import { textOf } from './thrown-text.ts';

/** Makes the error that stands for one of another library; the text is what that one says. */
export type WrapThrown = (text: string, options: { readonly cause: unknown }) => KasperError;

/**
 * What was thrown, as a KasperError: one of ours as it is, anything else wrapped, with itself as
 * `cause`.
 */
export function toKasperError(thrown: unknown, wrap: WrapThrown): KasperError {
  return KasperError.is(thrown) ? thrown : wrap(textOf(thrown), { cause: thrown });
}
