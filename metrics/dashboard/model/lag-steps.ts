/** The lags from which a cell of the strip has the next colour. */
export const lagSteps = [0, 1, 100, 1000, 10_000, 100_000, 1_000_000] as const;

/** The index of the last step that a lag has reached. */
export function lagStep(lag: number): number {
  return Math.max(
    0,
    lagSteps.findLastIndex((from) => lag >= from),
  );
}
