import { clockTime, duration } from '../model/figures.ts';
import type { PageReport } from '../model/page-report.ts';
import { byId, setClass, setHidden, setText } from './elements.ts';
import { showPageTitle } from './page-title.ts';

/** For how long the page shows that the process was restarted. */
const restartShownMs = 60_000;
/** A single late answer does not count as a lost connection. */
const lostAfterMs = 2500;

/** Whether the figures are live; old ones are greyed, with their age. */
export class ConnectionStatus {
  readonly #live = byId('live', HTMLElement);
  readonly #liveLabel = byId('live-label', HTMLElement);
  readonly #banner = byId('lost', HTMLElement);
  readonly #lost = byId('lost-title', HTMLElement);
  readonly #age = byId('lost-age', HTMLElement);
  readonly #restart = byId('restarted', HTMLElement);
  #receivedAt: number | undefined;
  #failedAt: number | undefined;
  #reason = '';
  #name = '';
  #restartedAt = -Infinity;
  #loadedVersion: string | undefined;

  constructor() {
    setInterval(() => {
      this.#show();
    }, 1000);
  }

  /** @param before the previous report */
  received(report: PageReport, name: string, before: PageReport | undefined): void {
    this.#receivedAt = performance.now();
    this.#failedAt = undefined;
    this.#name = name;
    this.#loadedVersion ??= report.version;
    if (before !== undefined && isRestarted(before, report)) {
      this.#restartedAt = performance.now();
      const update =
        report.version === this.#loadedVersion
          ? ''
          : ` It now runs version ${report.version}: reload this page to get its dashboard.`;
      setText(
        this.#restart,
        `Restarted: pid ${report.pid} has answered since ${clockTime(Date.now())}; before that it was pid ${before.pid}.${update}`,
      );
    }
    this.#show();
  }

  failed(reason: string): void {
    this.#failedAt ??= performance.now();
    this.#reason = reason;
    this.#show();
  }

  #show(): void {
    const now = performance.now();
    const isLost = this.#failedAt !== undefined && now - (this.#receivedAt ?? -Infinity) > lostAfterMs;
    setHidden(this.#banner, !isLost);
    setHidden(this.#restart, isLost || now - this.#restartedAt > restartShownMs);
    setClass(document.body, isLost ? 'is-lost' : '');
    setClass(this.#live, `live ${isLost ? 'lost' : this.#receivedAt === undefined ? 'waiting' : 'good'}`);
    setText(this.#liveLabel, isLost ? 'Not live' : this.#receivedAt === undefined ? 'Connecting' : 'Live');
    if (!isLost) return;
    const age = this.#receivedAt === undefined ? undefined : duration(now - this.#receivedAt);
    setText(this.#lost, age === undefined ? 'No connection to the processor' : 'Connection lost');
    setText(
      this.#age,
      `${age === undefined ? '' : `The last data is ${age} old. `}${this.#reason} Retrying…`,
    );
    showPageTitle('connection lost', this.#name, 'lost');
  }
}

/** Whether another process answers. */
export function isRestarted(before: PageReport, after: PageReport): boolean {
  return before.pid !== after.pid || before.host !== after.host;
}
