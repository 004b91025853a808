import { MissingContenderError, type Contender, type PeerName, type PreparedContender } from './contender.ts';
import { franzGo } from './franz-go.ts';
import { kafkajs } from './kafkajs.ts';
import { kasper } from './kasper.ts';
import { platformatic } from './platformatic.ts';

export const peers: Readonly<Record<PeerName, Contender>> = { kafkajs, platformatic, 'franz-go': franzGo };

/** A contender that can be run here. */
export interface ReadyContender extends Contender {
  readonly prepared: PreparedContender;
}

/** This project and those peers that can be had; `onMissing` hears of each that cannot, and why. */
export async function readyContenders(
  names: readonly PeerName[],
  onMissing: (name: string, why: string) => void,
): Promise<ReadyContender[]> {
  const ready: ReadyContender[] = [];
  for (const contender of [kasper, ...names.map((name) => peers[name])]) {
    try {
      ready.push({ ...contender, prepared: await contender.prepare() });
    } catch (error) {
      if (!(error instanceof MissingContenderError)) throw error;
      onMissing(contender.name, error.message);
    }
  }
  return ready;
}
