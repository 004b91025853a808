/**
 * The fields of an answer to INFO.
 *
 * @see https://redis.io/docs/latest/commands/info/
 */
export function infoOf(answer: unknown): ReadonlyMap<string, string> {
  return new Map(
    String(answer)
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
