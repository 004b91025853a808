import test from 'ava';
import { ProcessSlots, SlotHold } from '../../source/batch/process-slots.ts';
import { turns } from '../../source/testing/fake-clock.ts';

/** Queues for a slot; the name is added once it is had. */
function queue(slots: ProcessSlots, had: string[], name: string): void {
  void slots.acquire().then(() => had.push(name));
}

test('so many may enter as there are slots; the others queue, first come, first served', async (t) => {
  const slots = new ProcessSlots(2);
  const had: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) queue(slots, had, name);
  await turns();
  t.deepEqual(had, ['a', 'b']);
  slots.release();
  await turns();
  t.deepEqual(had, ['a', 'b', 'c']);
  slots.release();
  slots.release();
  await turns();
  t.deepEqual(had, ['a', 'b', 'c', 'd', 'e']);
});

test('a slot that nobody queues for is free for the next', async (t) => {
  const slots = new ProcessSlots(1);
  await slots.acquire();
  slots.release();
  const had: string[] = [];
  queue(slots, had, 'a');
  queue(slots, had, 'b');
  await turns();
  t.deepEqual(had, ['a']);
});

test('a batch gives one slot back, however many of its waits overlap', async (t) => {
  const slots = new ProcessSlots(1);
  await slots.acquire();
  const hold = new SlotHold(slots);
  hold.giveBack();
  hold.giveBack();
  const had: string[] = [];
  queue(slots, had, 'a');
  queue(slots, had, 'b');
  await turns();
  t.deepEqual(had, ['a']);
});

test('waits that end together share one place in the queue', async (t) => {
  const slots = new ProcessSlots(1);
  await slots.acquire();
  const hold = new SlotHold(slots);
  hold.giveBack();
  const had: string[] = [];
  queue(slots, had, 'other');
  await turns();
  void hold.regain().then(() => had.push('first'));
  void hold.regain().then(() => had.push('second'));
  queue(slots, had, 'next');
  await turns();
  t.deepEqual(had, ['other']);
  slots.release();
  await turns();
  t.deepEqual(had, ['other', 'first', 'second']);
  hold.end();
  await turns();
  t.deepEqual(had, ['other', 'first', 'second', 'next']);
});

test('a wait that ends after process has ended takes no slot', async (t) => {
  const slots = new ProcessSlots(1);
  await slots.acquire();
  const hold = new SlotHold(slots);
  hold.giveBack();
  hold.end();
  await hold.regain();
  const had: string[] = [];
  queue(slots, had, 'a');
  queue(slots, had, 'b');
  await turns();
  t.deepEqual(had, ['a']);
});

test('a wait that queues when process ends passes its slot on', async (t) => {
  const slots = new ProcessSlots(1);
  await slots.acquire();
  const hold = new SlotHold(slots);
  hold.giveBack();
  const had: string[] = [];
  queue(slots, had, 'a');
  const back = hold.regain();
  queue(slots, had, 'b');
  await turns();
  hold.end();
  slots.release();
  await back;
  await turns();
  t.deepEqual(had, ['a', 'b']);
});
