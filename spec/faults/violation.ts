/** What an invariant found wrong. */
export interface Violation {
  /** The invariant's name. */
  readonly invariant: string;
  /** One sentence with the first case, and how many there are: never a list of all. */
  readonly text: string;
}
