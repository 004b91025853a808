import { rawBatch } from '../raw/raw-batch.ts';
import { deleteRecords, endOfEpoch, listOffsets } from '../raw/raw-log.ts';
import { produceOne } from '../raw/raw-produce.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

const TIME = 1_700_000_000_000;
const LATEST = -1;
const EARLIEST = -2;

/** A topic with batches of three records, a second apart. */
async function filled(stage: ContractStage, batches = 2) {
  const { topic, leader } = await stage.topic();
  for (let i = 0; i < batches; i++)
    await produceOne(leader, topic, rawBatch({ count: 3, timestamp: TIME + i * 1_000 }));
  const list = (
    timestamp: number,
    options: { readonly version?: number; readonly isolation?: number } = {},
  ) => listOffsets(leader, topic, [[0, timestamp]], options);
  return { topic, leader, list };
}

async function listVersions(stage: ContractStage): Promise<void> {
  const { list } = await filled(stage);
  for (const version of [1, 2, 3, 4, 5]) {
    await stage.note(`version ${version}, the end`, list(LATEST, { version }));
    await stage.note(`version ${version}, a time`, list(TIME + 1, { version }));
  }
}

async function times(stage: ContractStage): Promise<void> {
  const { list } = await filled(stage);
  await stage.note('time 0', list(0));
  await stage.note('before the first', list(TIME - 1));
  await stage.note('the first', list(TIME));
  await stage.note('between two batches', list(TIME + 500));
  await stage.note('the last', list(TIME + 1_002));
  await stage.note('after the last', list(TIME + 1_003));
  await stage.note('the largest time', list(Number.MAX_SAFE_INTEGER));
}

async function specialTimes(stage: ContractStage): Promise<void> {
  const { list } = await filled(stage);
  for (const timestamp of [-3, -4, -5, -6, -100]) await stage.note(`timestamp ${timestamp}`, list(timestamp));
}

async function emptyLog(stage: ContractStage): Promise<void> {
  const { list, leader, topic } = await filled(stage, 0);
  await stage.note('the end', list(LATEST));
  await stage.note('the start', list(EARLIEST));
  await stage.note('a time', list(TIME));
  await stage.note('committed only', list(LATEST, { isolation: 1 }));
  await stage.note('the end of epoch 0', endOfEpoch(leader, topic, 0));
}

async function unorderedTimes(stage: ContractStage): Promise<void> {
  const { topic, leader, list } = await filled(stage, 0);
  for (const seconds of [5, 1, 9, 3])
    await produceOne(leader, topic, rawBatch({ count: 2, timestamp: TIME + seconds * 1_000 }));
  for (const seconds of [0, 2, 5, 6, 9]) await stage.note(`${seconds} s after`, list(TIME + seconds * 1_000));
}

async function listErrors(stage: ContractStage): Promise<void> {
  const { topic, leader } = await filled(stage);
  await stage.note('no such partition', listOffsets(leader, topic, [[1, LATEST]]));
  await stage.note('partition -1', listOffsets(leader, topic, [[-1, LATEST]]));
  await stage.note('no such topic', listOffsets(leader, 'no-such-topic', [[0, LATEST]]));
  await stage.note('no name of a topic', listOffsets(leader, 'not a name', [[0, LATEST]]));
  await stage.note('an empty name', listOffsets(leader, '', [[0, LATEST]]));
  await stage.note('no partition', listOffsets(leader, topic, []));
  const twice = listOffsets(leader, topic, [
    [0, LATEST],
    [0, EARLIEST],
  ]);
  await stage.note('a partition twice', twice);
}

async function deletions(stage: ContractStage): Promise<void> {
  const { topic, leader, list } = await filled(stage);
  const remove = (before: number, partition = 0) => deleteRecords(leader, topic, before, partition);
  await stage.note('before 0', remove(0));
  await stage.note('before 4, within a batch', remove(4));
  await stage.note('the start then', list(EARLIEST));
  await stage.note('before 2, again', remove(2));
  await stage.note('before 7, past the end', remove(7));
  await stage.note('before -2', remove(-2));
  await stage.note('all', remove(-1));
  await stage.note('all, again', remove(-1));
  await stage.note('start and end then', Promise.all([list(EARLIEST), list(LATEST)]));
  await stage.note('no such partition', remove(0, 5));
  await stage.note('partition -1', remove(0, -1));
  await stage.note('no such topic', deleteRecords(leader, 'no-such-topic', 0));
}

async function timesOfDeleted(stage: ContractStage): Promise<void> {
  const { topic, leader, list } = await filled(stage);
  await deleteRecords(leader, topic, 4);
  await stage.note('a time that was deleted', list(TIME));
  await stage.note('one in the same batch', list(TIME + 1_000));
  await stage.note('one that is kept', list(TIME + 1_001));
  await deleteRecords(leader, topic, -1);
  await stage.note('once all is deleted', list(TIME));
}

async function epochs(stage: ContractStage): Promise<void> {
  const { topic, leader } = await filled(stage);
  for (const version of [2, 3])
    await stage.note(`version ${version}`, endOfEpoch(leader, topic, 0, { version }));
  await stage.note('epoch -1', endOfEpoch(leader, topic, -1));
  await stage.note('epoch 1, to come', endOfEpoch(leader, topic, 1));
  await stage.note('the largest epoch', endOfEpoch(leader, topic, 2_147_483_647));
  await stage.note('with the present epoch', endOfEpoch(leader, topic, 0, { currentLeaderEpoch: 0 }));
  await stage.note('with an epoch to come', endOfEpoch(leader, topic, 0, { currentLeaderEpoch: 1 }));
  await stage.note('no such partition', endOfEpoch(leader, topic, 0, { partition: 3 }));
  await stage.note('no such topic', endOfEpoch(leader, 'no-such-topic', 0));
  await deleteRecords(leader, topic, -1);
  await stage.note('once all is deleted', endOfEpoch(leader, topic, 0));
}

/** ListOffsets, DeleteRecords, OffsetForLeaderEpoch. */
export const offsetCases: readonly RecordedCase[] = [
  { title: 'every version of ListOffsets finds the same', play: listVersions },
  { title: 'a time finds the first record that is not older', play: times },
  { title: 'times below 0 other than end and start are refused', play: specialTimes },
  { title: 'an empty log has an end, a start, and nothing at any time', play: emptyLog },
  { title: 'among times in disorder the first offset counts', play: unorderedTimes },
  {
    title: 'each partition of ListOffsets is judged alone, and one that is named twice is refused',
    play: listErrors,
  },
  {
    title: 'records are deleted up to an offset within the log, and the start never goes back',
    play: deletions,
  },
  { title: 'records that were deleted are not found by their time', play: timesOfDeleted },
  { title: 'the end of an epoch is known for those that were, by each version', play: epochs },
];
