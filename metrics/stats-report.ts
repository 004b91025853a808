/** What `GET /api/stats` answers. */
export interface StatsReport<ProcessorStats = object> {
  /** Of kasper-ts. */
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  /** The version of Node.js. */
  readonly node: string;
  /** The wall clock of the process, in ms since 1970. */
  readonly now: number;
  readonly health: {
    readonly healthy: boolean;
    /** Something that a processor needs has failed for 5 s or longer, and is tried again. */
    readonly degraded: boolean;
    readonly ready: boolean;
    /** Sentences, each preceded by the name of its processor. */
    readonly problems: readonly string[];
  };
  /** Current even while the event loop is blocked; the processors are then as they were before. */
  readonly eventLoop: { readonly blockedMs: number; readonly longestBlockMs: number };
  readonly processors: readonly ProcessorStats[];
}
