import type { Fault } from './fault.ts';
import { abortedTransaction } from './faults/aborted-transaction.ts';
import { blockLong, blockShort } from './faults/block.ts';
import { brokerKilled, brokerRestarted, brokerStopped } from './faults/broker.ts';
import { clock } from './faults/clock.ts';
import {
  coordinatorMoved,
  diskFull,
  leaderMoved,
  partitionsAdded,
  rollingRestart,
} from './faults/cluster.ts';
import { hang } from './faults/hang.ts';
import { killedWhileHeld, outputsHeld } from './faults/held-outputs.ts';
import { kill } from './faults/kill.ts';
import { leaderAlone } from './faults/leader-alone.ts';
import {
  blackHole,
  longBlackHole,
  lostAnswers,
  oneWayBlackHole,
  resetStorm,
  slowNetwork,
} from './faults/network.ts';
import { deadLettersRefused, outputsRefused } from './faults/refused-topics.ts';
import { elasticsearchFaults, redisFaults } from './faults/stores.ts';
import { terminate } from './faults/terminate.ts';
import { topicRecreated } from './faults/topic-recreated.ts';
import { twoOwners } from './faults/two-owners.ts';

/** Those of a campaign. */
export const faults: readonly Fault[] = [
  kill,
  terminate,
  twoOwners,
  blockShort,
  blockLong,
  clock,
  slowNetwork,
  blackHole,
  longBlackHole,
  oneWayBlackHole,
  resetStorm,
  lostAnswers,
  brokerKilled,
  brokerRestarted,
  brokerStopped,
  leaderMoved,
  coordinatorMoved,
  rollingRestart,
  diskFull,
  partitionsAdded,
  topicRecreated,
  ...redisFaults,
  ...elasticsearchFaults,
];

/** Those under which mutants are looked for, beside the others: each brings one kind of mistake to light. */
export const mutantFaults: readonly Fault[] = [
  hang,
  abortedTransaction,
  outputsHeld,
  killedWhileHeld,
  outputsRefused,
  deadLettersRefused,
  leaderAlone,
];
