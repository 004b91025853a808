import test from 'ava';
import { PartitionProgress } from '../../source/input/partition-progress.ts';

const planned = {
  topic: 'in',
  partition: 0,
  offset: 0,
  leaderEpoch: -1,
  end: undefined,
  highWatermark: 5,
  visibleEnd: 5,
  hadCommit: true,
  wasReset: false,
  isCommitted: true,
  topicId: undefined,
};
const chunk = {
  topic: 'in',
  partition: 0,
  epoch: 1,
  messages: [],
  nextOffset: 8,
  leaderEpoch: -1,
  highWatermark: 9,
  lastStableOffset: 8,
  logStartOffset: 0,
  bytes: 0,
};

test('ends that were asked for count, also where they are lower', (t) => {
  const progress = new PartitionProgress(planned, 0);
  progress.noteEnds(3, 4, progress.endsTold);
  t.like(progress, { visibleEnd: 3, highWatermark: 4 });
});

test('an answer to an older question does not set back what a fetch has told meanwhile', (t) => {
  const progress = new PartitionProgress(planned, 0);
  const asked = progress.endsTold;
  progress.take(chunk, 'read_committed');
  progress.noteEnds(6, 7, asked);
  t.like(progress, { visibleEnd: 8, highWatermark: 9 });
  progress.noteEnds(10, 11, asked);
  t.like(progress, { visibleEnd: 10, highWatermark: 11 });
  progress.reset(2, { topic: 'in', partition: 0, offset: 8, earliest: 0, latest: 2 });
  progress.noteEnds(1, 1, progress.endsTold);
  t.like(progress, { visibleEnd: 1, highWatermark: 1 });
});
