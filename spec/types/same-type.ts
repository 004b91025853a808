/** Compiles only if both types are the same. */
export function sameType<A, B>(
  _same: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false,
): void {
  // The compiler is the assertion.
}
