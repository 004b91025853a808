import type { RawClient } from '../raw/raw-client.ts';
import { rawBatch, type BatchParts } from '../raw/raw-batch.ts';
import { initProducerId, produce, produceOne } from '../raw/raw-produce.ts';
import { deleteRecords } from '../raw/raw-log.ts';
import { until } from '../until.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

/** A producer id; a broker that has just started hands none out for a moment. */
async function newProducer(client: RawClient): Promise<bigint> {
  const answer = async () => {
    const { code, producerId } = await initProducerId(client);
    return code === 0 && { producerId };
  };
  return (await until(answer, { deadlineMs: 20_000, what: 'a producer id' })).producerId;
}

/** A topic, and what sends batches of a new producer to it. */
async function writer(stage: ContractStage, partitions = 1) {
  const { topic, leader } = await stage.topic(partitions);
  const producerId = await newProducer(leader);
  const send = (what: string, sequence: number, parts: BatchParts = {}) =>
    stage.note(what, produceOne(leader, topic, rawBatch({ producerId, epoch: 0, sequence, ...parts })));
  return { topic, leader, producerId, send };
}

async function sequenceWraps(stage: ContractStage): Promise<void> {
  const { send } = await writer(stage);
  await send('the last two sequence numbers and the first', 2_147_483_646, { count: 3 });
  await send('the next', 1);
  await send('the first batch again', 2_147_483_646, { count: 3 });
  await send('a number too early', 1_000);
}

async function firstSequence(stage: ContractStage): Promise<void> {
  const { send } = await writer(stage);
  await send('the first batch at sequence 5', 5);
  await send('then 0', 0);
  await send('then 7', 7);
  await send('then 6', 6);
}

async function impossibleNumbers(stage: ContractStage): Promise<void> {
  const { send } = await writer(stage);
  await send('sequence -1', -1);
  await send('sequence -5', -5);
  await send('epoch -1', 0, { epoch: -1 });
  await send('epoch -7', 0, { epoch: -7 });
  await send('all is well', 0);
}

async function epochs(stage: ContractStage): Promise<void> {
  const { send } = await writer(stage);
  await send('epoch 3 from 0', 0, { epoch: 3 });
  await send('epoch 2', 0, { epoch: 2 });
  await send('epoch 5 from 1', 1, { epoch: 5 });
  await send('epoch 3 goes on', 1, { epoch: 3 });
  await send('epoch 5 from 0', 0, { epoch: 5 });
  await send('epoch 3 again, as before', 0, { epoch: 3 });
  await send('epoch 5 again, as before', 0, { epoch: 5 });
  await send('the largest epoch', 0, { epoch: 32_767 });
}

async function overlaps(stage: ContractStage): Promise<void> {
  const { send } = await writer(stage);
  await send('0 to 3', 0, { count: 4 });
  await send('2 to 5', 2, { count: 4 });
  await send('0 to 4', 0, { count: 5 });
  await send('1 to 3', 1, { count: 3 });
  await send('3 alone', 3);
  await send('4 alone', 4);
}

async function besideOthers(stage: ContractStage): Promise<void> {
  const { topic, leader, send } = await writer(stage);
  const other = await newProducer(leader);
  await send('0 of the first', 0);
  await stage.note('without a producer', produceOne(leader, topic, rawBatch()));
  const second = rawBatch({ producerId: other, epoch: 0, sequence: 0 });
  await stage.note('0 of the second', produceOne(leader, topic, second));
  await send('1 of the first', 1);
  await stage.note('0 of the second again', produceOne(leader, topic, second));
}

async function perPartition(stage: ContractStage): Promise<void> {
  // Of one or three brokers, partitions 0 and 3 have the same leader.
  const { topic, leader, producerId } = await writer(stage, 4);
  const send = async (what: string, partition: number, sequence: number) => {
    const records = rawBatch({ producerId, epoch: 0, sequence });
    await stage.note(
      what,
      until(
        async () => {
          const [answer] = await produce(leader, [{ topic, partition, records }]);
          // Metadata may name a leader before it knows that it leads.
          return answer !== undefined && answer.code !== 6 && [answer.code, answer.baseOffset];
        },
        { deadlineMs: 20_000, what: `a leader of partition ${partition}` },
      ),
    );
  };
  await send('0 to partition 0', 0, 0);
  await send('1 to partition 0', 0, 1);
  await send('0 to partition 3', 3, 0);
  await send('2 to partition 3', 3, 2);
  await send('2 to partition 0', 0, 2);
}

async function afterDeletion(stage: ContractStage): Promise<void> {
  const { topic, leader, send } = await writer(stage);
  await send('sequence 0', 0);
  await send('sequence 1', 1);
  await stage.note('all is deleted', deleteRecords(leader, topic, -1));
  await send('sequence 1 again', 1);
  await send('sequence 3', 3);
  await send('sequence 2', 2);
}

async function refusedLeavesNoTrace(stage: ContractStage): Promise<void> {
  const { topic, leader, producerId, send } = await writer(stage);
  const damaged = rawBatch({ producerId, epoch: 0, sequence: 0 });
  damaged.writeUInt32BE((damaged.readUInt32BE(17) ^ 1) >>> 0, 17);
  await stage.note('0 with a wrong CRC', produceOne(leader, topic, damaged));
  await send('sequence 0', 0);
  await send('1, with epoch 4', 1, { epoch: 4 });
  await send('sequence 1', 1);
}

/** InitProducerId of versions 0 and 1. */
async function initialized(client: RawClient, version: number, id: string | null, timeoutMs: number) {
  const reader = await client.call({
    key: 22,
    version,
    body: (writing) => writing.nullableString(id).int32(timeoutMs),
  });
  reader.int32();
  return { code: reader.int16(), producerId: reader.bigInt64(), epoch: reader.int16() };
}

async function producerIds(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  await newProducer(client);
  await stage.note('version 0', initialized(client, 0, null, 60_000));
  await stage.note('version 1', initialized(client, 1, null, 60_000));
  await stage.note('a time of 0', initialized(client, 1, null, 0));
  await stage.note('a time of -1', initialized(client, 1, null, -1));
  await stage.note('an empty transactional id', initialized(client, 1, '', 60_000));
}

/** InitProducerId and the sequences of idempotent producers. */
export const producerCases: readonly RecordedCase[] = [
  { title: 'after the largest sequence number comes 0', play: sequenceWraps },
  { title: 'a producer that is new to a partition begins with any sequence number', play: firstSequence },
  { title: 'impossible sequence numbers and epochs of a producer are refused', play: impossibleNumbers },
  { title: 'a newer epoch of a producer begins at sequence 0 and fences the older ones', play: epochs },
  { title: 'a batch that overlaps others of its producer is refused', play: overlaps },
  { title: 'what others write does not disturb the sequence of a producer', play: besideOthers },
  { title: 'each partition has sequences of its own', play: perPartition },
  { title: 'deleted records leave the sequence of their producer as it is', play: afterDeletion },
  {
    title: 'a batch that is refused leaves the sequence of its producer as it is',
    play: refusedLeavesNoTrace,
  },
  { title: 'every request gets another producer id, and a transactional id is not empty', play: producerIds },
];
