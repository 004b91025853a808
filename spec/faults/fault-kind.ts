/** A kind of fault: what is known of it before it is done. */
export interface FaultKind {
  readonly name: string;
  readonly needs: readonly FaultNeed[];
  /** Takes longer than 8 s, so that it is left out where there are minutes alone. */
  readonly long: boolean;
  /** No broker can be reached while it lasts: workers must say so. Default false. */
  readonly isOutage?: boolean;
  /** Which invariants it relaxes. */
  readonly allows: readonly Allowance[];
}

/**
 * `lasting-worker`: one that runs until it is told to end. `input-once`: nothing of the workload reads
 * its input again at the end.
 */
export type FaultNeed =
  | 'worker'
  | 'lasting-worker'
  | 'input-once'
  | 'kafka'
  | 'three-nodes'
  | 'redis'
  | 'elasticsearch'
  | 'proxy'
  | 'dead-letters';

export interface FaultPlan {
  /** For how long it lasts until it is healed, in ms. */
  readonly lastsMs: number;
  readonly [parameter: string]: string | number | boolean;
}

/**
 * `two-owners`: commits may go back, and what both process is repeated. `new-partitions`: the
 * input has more partitions afterwards. `new-topic`: its offsets are not the numbers of its records any more.
 * `moved-coordinator`: of several brokers another one has the group's offsets. Kafka 4.1 may then forget a
 * commit that it has acked (KAFKA-20634), until the next one.
 */
export type Allowance = 'two-owners' | 'new-partitions' | 'new-topic' | 'moved-coordinator';
