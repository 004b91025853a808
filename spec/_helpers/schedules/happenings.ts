/** What can happen in a schedule, counted to see that all schedules together met everything. */
export const happenings = [
  'crashes',
  'crashesInTurn',
  'closes',
  'closesInTurn',
  'closesAtStart',
  'failuresOfProcess',
  'failuresOfProduce',
  'failuresOfStore',
  'failuresOfRecord',
  'failuresOfCommit',
  'commitsRefused',
  'commitAnswersLost',
  'commitEntriesRefused',
  'repeats',
  'batches',
  'overlaps',
  'recordings',
  'memoryBatches',
  'waits',
  'seeks',
  'seeksBack',
  'seeksForward',
  'seeksRefused',
  'records',
  'recordsDeleted',
] as const;

export type Happening = (typeof happenings)[number];

/** How often each has happened. */
export type HappeningCounts = Record<Happening, number>;

export function noHappenings(): HappeningCounts {
  return Object.fromEntries(happenings.map((name) => [name, 0])) as HappeningCounts;
}
