/** A service cannot be had on this machine. The message names what is missing and how to get it. */
export class MissingServiceError extends Error {
  override readonly name = 'MissingServiceError';
  readonly service: string;
  /** The programs that were not found, such as `java`. */
  readonly missing: readonly string[];
  readonly remedy: string;

  constructor(service: string, missing: readonly string[], remedy: string) {
    super(`${service} cannot be started here: ${missing.join(' and ')} not found. ${remedy}`);
    this.service = service;
    this.missing = missing;
    this.remedy = remedy;
  }
}
