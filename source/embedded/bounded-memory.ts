/** Memory that clients make the cluster take for one purpose, with a bound for all of them together. */
export class BoundedMemory {
  readonly #limitBytes: number;
  #taken = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Returns whether there was room; else nothing is taken. What is less than 0 is given back. */
  take(bytes: number): boolean {
    if (bytes > 0 && this.#taken + bytes > this.#limitBytes) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
