/** What was checked, printed in a form that the gate counts: a line each, and their number at last. */
export class Checks {
  #passed = 0;
  #failed = 0;

  get failed(): number {
    return this.#failed;
  }

  /** @param problem what is wrong; undefined: nothing */
  check(what: string, problem: string | undefined): void {
    const number = this.#passed + this.#failed + 1;
    if (problem === undefined) {
      this.#passed += 1;
      console.log(`ok ${number} - ${what}`);
    } else {
      this.#failed += 1;
      console.log(`not ok ${number} - ${what}: ${problem}`);
    }
  }

  close(): void {
    console.log(`checks: ${this.#passed} passed, ${this.#failed} failed`);
  }
}
