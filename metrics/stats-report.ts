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
    readonly ready: boolean;
    /** Sentences, each with the name of its processor before it. */
    readonly problems: readonly string[];
  };
  /** Current also while the event loop is blocked; what stands of the processors is then as it was before. */
  readonly eventLoop: { readonly blockedMs: number; readonly longestBlockMs: number };
  readonly processors: readonly ProcessorStats[];
}
