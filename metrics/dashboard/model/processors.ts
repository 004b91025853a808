import type { PageReport, ReportedProcessor } from './page-report.ts';

/** A processor of a report, with what distinguishes it from the others. */
export interface NamedProcessor {
  /** The same in each report of the same process. */
  readonly key: string;
  /** For people, as short as possible: `worker 2` if all have one name. */
  readonly label: string;
  readonly stats: ReportedProcessor;
}

/** The key of all processors together. */
export const allKey = '';

/** The processors of a report, each with its own key and label. */
export function namedProcessors(processors: readonly ReportedProcessor[]): readonly NamedProcessor[] {
  const isOneName = new Set(processors.map(({ topicProcessorName }) => topicProcessorName)).size === 1;
  const seen = new Map<string, number>();
  return processors.map((stats) => {
    const { topicProcessorName: name, worker } = stats;
    const base = `${worker ?? ''}/${name}`;
    const times = (seen.get(base) ?? 0) + 1;
    seen.set(base, times);
    const ordinal = times === 1 ? '' : ` #${times}`;
    const short = worker === undefined ? name : isOneName ? `worker ${worker}` : `${name} · worker ${worker}`;
    return { key: base + ordinal, label: short + ordinal, stats };
  });
}

/** The title of the page: the processor's name, or how many there are. */
export function titleOf({ processors }: PageReport): string {
  const names = [...new Set(processors.map(({ topicProcessorName }) => topicProcessorName))];
  return names.length === 1 ? (names[0] ?? '') : `${processors.length} processors`;
}

export type Tone = 'good' | 'busy' | 'bad' | 'quiet';

/** The state of everything in one word, and how bad that is. */
export function overallState({ health, processors }: PageReport): {
  readonly word: string;
  readonly tone: Tone;
} {
  const states = new Set(processors.map(({ state }) => state));
  if (states.has('failed')) return { word: 'failed', tone: 'bad' };
  if (!health.healthy) return { word: 'unhealthy', tone: 'bad' };
  if (health.degraded) return { word: 'degraded', tone: 'busy' };
  if (states.size === 0) return { word: 'waiting', tone: 'quiet' };
  for (const state of ['closing', 'starting', 'new'] as const) {
    if (states.has(state)) return { word: state, tone: 'busy' };
  }
  if (!states.has('running')) return { word: 'closed', tone: 'quiet' };
  return health.ready ? { word: 'running', tone: 'good' } : { word: 'not ready', tone: 'busy' };
}

/** The state of one processor in one word, and how bad that is. */
export function stateOf({ state, degraded }: ReportedProcessor): {
  readonly word: string;
  readonly tone: Tone;
} {
  if (degraded !== null) return { word: 'degraded', tone: 'busy' };
  return { word: state, tone: toneOf(state) };
}

function toneOf(state: ReportedProcessor['state']): Tone {
  if (state === 'running') return 'good';
  if (state === 'failed') return 'bad';
  return state === 'closed' ? 'quiet' : 'busy';
}
