/** The jobs that contenders are measured at, in the order of the tables. */
export const jobNames = [
  'consume',
  'copy',
  'forward',
  'filter',
  'count-map',
  'count-redis',
  'count-elasticsearch',
  'join',
  'tenants-redis',
  'json',
] as const;
export type JobName = (typeof jobNames)[number];
