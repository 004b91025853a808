/** Operations of Kafka's authorization, by the bit that stands for each. */
const bits = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
} as const;

/** Where nobody asked which operations are allowed. */
export const OPERATIONS_NOT_ASKED = -2_147_483_648;

/** All operations of a topic: there is no authorization here, so all are allowed. */
export const topicOperations = allOf(
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
);

/** All operations of the cluster. */
export const clusterOperations = allOf(
  'CREATE',
  'ALTER',
  'DESCRIBE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
);

/** All operations of a group. */
export const groupOperations = allOf('READ', 'DELETE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS');

function allOf(...operations: readonly (keyof typeof bits)[]): number {
  let mask = 0;
  for (const operation of operations) mask |= 1 << bits[operation];
  return mask;
}
