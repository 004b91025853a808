import test from 'ava';
import { BEAT_COUNTS, BEAT_MS, Beats } from '../../../metrics/server/beats.ts';
import { BlockDetector, LOOK_MS } from '../../../metrics/server/block-detector.ts';

/** A main thread that beats and a detector that looks, on one clock that the spec turns. */
class Threads {
  #now = 1_000;
  #count = 0;
  #beatAt = this.#now;
  #nextBeat = this.#now + BEAT_MS;
  #nextLook = this.#now + LOOK_MS;
  readonly beats = { last: () => ({ count: this.#count, at: this.#beatAt }), longestBlockMs: 0 };
  readonly detector = new BlockDetector(this.beats, () => this.#now);

  /** Lets time pass in which these threads run. */
  run(ms: number, { main = true, look = true } = {}): void {
    const end = this.#now + ms;
    while (this.#now < end) {
      this.#now++;
      if (main && this.#now >= this.#nextBeat) {
        this.#count = (this.#count + 1) % BEAT_COUNTS;
        this.#beatAt = this.#now;
        this.#nextBeat = this.#now + BEAT_MS;
      }
      if (look && this.#now >= this.#nextLook) {
        this.detector.look();
        this.#nextLook = this.#now + LOOK_MS;
      }
    }
  }
}

test('while the main thread beats nothing is blocked, however many beats there are', (t) => {
  const threads = new Threads();
  threads.run(BEAT_MS * BEAT_COUNTS * 2 + 77);
  t.deepEqual(threads.detector.look(), { blockedMs: 0, longestBlockMs: 0 });
});

test('a block is told to within a beat while it lasts, and as the longest after it', (t) => {
  const threads = new Threads();
  threads.run(10_100);
  threads.run(7_000, { main: false });
  const { blockedMs } = threads.detector.look();
  t.true(blockedMs > 7_000 - 2 * BEAT_MS && blockedMs <= 7_000, String(blockedMs));
  threads.run(2_000);
  const after = threads.detector.look();
  t.is(after.blockedMs, 0);
  t.true(after.longestBlockMs >= blockedMs && after.longestBlockMs <= 7_000, String(after.longestBlockMs));
  t.is(threads.beats.longestBlockMs, after.longestBlockMs);
});

test('a block that begins and ends between two looks is found by the beats', (t) => {
  const threads = new Threads();
  threads.run(5_000);
  threads.run(400, { main: false, look: false });
  threads.run(1_000);
  const { longestBlockMs } = threads.detector.look();
  t.true(longestBlockMs > 100 && longestBlockMs <= 400, String(longestBlockMs));
});

test('a longer block counts, a shorter one after it does not', (t) => {
  const threads = new Threads();
  threads.run(3_000, { main: false });
  threads.run(1_000);
  const { longestBlockMs } = threads.detector.look();
  threads.run(2_000, { main: false });
  threads.run(1_000);
  t.is(threads.detector.look().longestBlockMs, longestBlockMs);
});

for (const offset of [0, 1, 100, 249, 250, 251, 499]) {
  test(`a process that was stopped ${offset} ms after a look was not blocked, whoever runs first again`, (t) => {
    for (const first of ['main', 'detector']) {
      const threads = new Threads();
      threads.run(5_000 + offset);
      threads.run(60_000, { main: false, look: false });
      if (first === 'main') threads.run(1, { look: false });
      const state = threads.detector.look();
      t.true(state.blockedMs < LOOK_MS + BEAT_MS, `${first}: ${state.blockedMs}`);
      threads.run(2_000);
      t.is(threads.detector.look().blockedMs, 0);
      t.true(threads.detector.look().longestBlockMs < LOOK_MS + BEAT_MS);
    }
  });
}

test('a block after a stop, and one that was stopped meanwhile, is still told', (t) => {
  const threads = new Threads();
  threads.run(5_000);
  threads.run(2_000, { main: false });
  threads.run(60_000, { main: false, look: false });
  threads.run(3_000, { main: false });
  const { blockedMs } = threads.detector.look();
  t.true(blockedMs > 5_000 - LOOK_MS - 2 * BEAT_MS && blockedMs <= 5_000 + LOOK_MS, String(blockedMs));
});

test('what one thread beats another one reads by the shared memory, the longest block likewise', (t) => {
  const main = new Beats();
  const other = new Beats(main.memory);
  const before = process.hrtime.bigint();
  main.beat();
  const { count, at } = other.last();
  t.is(count, 1);
  t.true(at >= Number(before) / 1e6 - 1 && at <= Number(process.hrtime.bigint()) / 1e6, String(at));
  for (let beat = 1; beat < BEAT_COUNTS; beat++) main.beat();
  t.is(other.last().count, 0);
  other.longestBlockMs = 1234.5;
  t.is(main.longestBlockMs, 1234.5);
});
