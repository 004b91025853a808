/** What must hold in every schedule, by name. */
export const invariants = {
  durable:
    'before an offset is committed, the outputs of all records before it, from a sought position on, are acked, and the stores flushed',
  recorded:
    'what beforeCommit is to record is recorded when outputs and stores are durable, before the commit, and before the next batch of the partition begins',
  finished: 'no commit goes past a record whose process has not returned',
  order:
    'a run takes the records of a partition one after another, from its committed or sought offset on, and leaves none out',
  outputOrder:
    'outputs of one input partition are written in its order, within a run and from run to run, and from one seek to the next',
  forward: 'committed offsets never go back but by a seek, and never past the end of the log',
  seek: 'a sought position is committed before anything of it is processed, and a seek fails only if the run ends',
  open: 'records begun and not committed stay within maxUncommittedRecords, one batch is always allowed',
  single: 'no partition is in process twice at the same time, and no more partitions than concurrency allows',
  graceful: 'what process has finished is committed when a run ends, for any reason but a commit that failed',
  afterEnd:
    'after a failure no batch begins; after the end nothing is asked of the brokers, and no timer is left',
  failure: 'a run fails with the error that was caused, and only if one was',
  progress: 'a run that is to close, or to reach the end, does so',
  complete:
    'in the end every record has its output unless a seek left it out, and every partition is committed to its end',
} as const;

export type Invariant = keyof typeof invariants;

/** An invariant that did not hold. */
export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}
