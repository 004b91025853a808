import { bytes, count, duration, largeCount, none, plural } from '../model/figures.ts';
import type { NamedProcessor } from '../model/processors.ts';
import type { ReportedProcessor } from '../model/page-report.ts';
import { byId, make, setClass, setText } from './elements.ts';
import type { PageData, PagePart } from './page-data.ts';

interface TileText {
  readonly value: string;
  readonly note: string;
  readonly tone?: 'bad' | 'busy';
}

interface Tile {
  readonly label: string;
  text(data: PageData): TileText;
}

const tiles: readonly Tile[] = [
  {
    label: 'Records in',
    text: ({ points, shown }) => ({
      value: perSecond(points.at(-1)?.consumed),
      note: `${largeCount(sum(shown, ({ records }) => records))} in this run`,
    }),
  },
  {
    label: 'Records out',
    text: ({ points, shown }) => ({
      value: perSecond(points.at(-1)?.sent),
      note: `${largeCount(sum(shown, ({ sent }) => sent))} in this run`,
    }),
  },
  {
    label: 'Batches',
    text: ({ points, shown }) => ({ value: perSecond(points.at(-1)?.batches), note: triggersOf(shown) }),
  },
  {
    label: 'Lag',
    text: ({ points, rows }) => {
      if (rows.length === 0) return { value: none, note: 'no partitions yet' };
      const behind = rows.filter(({ lag }) => lag > 0).length;
      return {
        value: largeCount(points.at(-1)?.lag ?? null),
        note:
          behind === 0
            ? 'all partitions caught up'
            : `in ${count(behind)} of ${plural(rows.length, 'partition')}`,
      };
    },
  },
  { label: 'Time left', text: timeLeft },
  {
    label: 'Buffered',
    text: ({ shown }) => ({
      value: bytes(sum(shown, ({ bufferedBytes }) => bufferedBytes)),
      note: `${largeCount(sum(shown, ({ buffered }) => buffered))} records not in a batch yet`,
    }),
  },
  {
    label: 'In flight',
    text: ({ shown }) => ({
      value: largeCount(sum(shown, ({ inHand }) => inHand)),
      note: 'from process to commit',
    }),
  },
  { label: 'Kafka', text: kafka },
  {
    label: 'Event loop',
    text: ({ report: { eventLoop } }) => ({
      value: eventLoop.blockedMs < 1000 ? 'responsive' : `blocked ${duration(eventLoop.blockedMs)}`,
      note: `longest block ${eventLoop.longestBlockMs < 1000 ? `${Math.round(eventLoop.longestBlockMs)} ms` : duration(eventLoop.longestBlockMs)}`,
      ...(eventLoop.blockedMs >= 1000 && { tone: 'bad' }),
    }),
  },
  {
    label: 'Errors',
    text: ({ report, shown }) => {
      const times = shown.flatMap(({ stats }) => stats.recentErrors.map(({ at }) => at));
      return {
        value: count(times.length),
        note:
          times.length === 0 ? 'none so far' : `last one ${duration(report.now - Math.max(...times))} ago`,
      };
    },
  },
];

/** The figures at the top. */
export class Tiles implements PagePart {
  readonly #parts = tiles.map((tile) => {
    const element = make('div', 'tile');
    const label = make('dt', '', tile.label);
    const value = make('dd', 'value', none);
    const note = make('dd', 'note');
    element.append(label, value, note);
    return { tile, element, value, note };
  });

  constructor() {
    byId('tiles', HTMLElement).append(...this.#parts.map(({ element }) => element));
  }

  update(data: PageData): void {
    for (const { tile, element, value, note } of this.#parts) {
      const text = tile.text(data);
      setText(value, text.value);
      setText(note, text.note);
      setClass(element, text.tone === undefined ? 'tile' : `tile ${text.tone}`);
    }
  }
}

/** How long until the lag is gone, if it continues to fall as in the last minute. */
function timeLeft({ points, lagChange, rows }: PageData): TileText {
  const { lag = null, consumed = null } = points.at(-1) ?? {};
  if (lag === null || rows.length === 0) return { value: none, note: 'no partitions yet' };
  if (lag === 0) return { value: '0 s', note: 'nothing left' };
  if (consumed === 0) return { value: none, note: 'nothing is processed' };
  if (lagChange === null) return { value: none, note: 'measuring…' };
  if (Math.abs(lagChange) < 0.05) return { value: none, note: 'lag does not change' };
  if (lagChange > 0) return { value: '∞', note: `lag grows by ${count(lagChange)}/s` };
  return { value: duration((lag / -lagChange) * 1000), note: `lag falls by ${count(-lagChange)}/s` };
}

/** Whether what is asked of Kafka succeeds, and since when it does not. */
function kafka({ report: { now }, shown }: PageData): TileText {
  const working = shown.filter(({ stats: { state } }) => state === 'starting' || state === 'running');
  if (working.length === 0) return { value: none, note: 'nothing is asked of it' };
  const troubles = working.map(({ stats }) => stats.degraded).filter((degraded) => degraded !== null);
  if (troubles.length === 0) return { value: 'fine', note: 'nothing fails' };
  const since = Math.min(...troubles.map((degraded) => degraded.since));
  const givesUpAt = Math.min(...troubles.map((degraded) => degraded.givesUpAt ?? Infinity));
  const note =
    givesUpAt === Infinity ? 'it is tried again' : `gives up in ${duration(Math.max(0, givesUpAt - now))}`;
  return { value: `failing ${duration(now - since)}`, note, tone: 'busy' };
}

function triggersOf(shown: readonly NamedProcessor[]): string {
  const totals = new Map<string, number>();
  for (const { stats } of shown) {
    for (const [trigger, batches] of Object.entries(stats.batchesByTrigger))
      totals.set(trigger, (totals.get(trigger) ?? 0) + batches);
  }
  const all = [...totals.values()].reduce((total, batches) => total + batches, 0);
  if (all === 0) return 'none yet';
  return [...totals]
    .filter(([, batches]) => batches > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([trigger, batches]) => `${Math.max(1, Math.round((100 * batches) / all))}% by ${trigger}`)
    .join(', ');
}

function perSecond(rate: number | null | undefined): string {
  return rate === null || rate === undefined ? none : `${largeCount(rate)}/s`;
}

function sum(shown: readonly NamedProcessor[], value: (stats: ReportedProcessor) => number): number {
  return shown.reduce((total, { stats }) => total + value(stats), 0);
}
