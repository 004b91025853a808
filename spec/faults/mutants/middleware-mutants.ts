import type { Mutant } from './mutant.ts';

/** Mistakes in middleware and stores. */
export const middlewareMutants: readonly Mutant[] = [
  {
    name: 'dead-letter-ack-skipped',
    mistake: 'Dead letters are sent, and whether they were stored is not asked.',
    edits: [
      {
        file: 'source/middleware/dead-letter.ts',
        replace:
          '      for (const failure of failed) await this.#send(own, failure);\n      await own.flush();\n',
        by: `      for (const failure of failed) await this.#send(own, failure);
      await own.flush().catch(() => own.discard?.());
`,
      },
    ],
    found: {
      invariant: 'poison-dead-lettered',
      under: { by: 'campaign', workload: 'poison', faults: ['dead-letters-refused'], seed: 1 },
    },
  },
  {
    name: 'id-recorded-early',
    mistake: 'Ids of messages are put before their outputs are sent.',
    edits: [
      {
        file: 'source/middleware/deduplicate.ts',
        replace: '    this.#register(context);\n',
        by: `    const now = Buffer.from(String(context.clock.wallNow()));
    if (this.#done.size > 0)
      await this.#store(context.stores).putAll([...this.#done].map((key) => [key, now] as const));
    this.#register(context);
`,
      },
    ],
    found: {
      invariant: 'no-loss',
      under: { by: 'campaign', workload: 'poison', faults: ['killed-while-outputs-held'], seed: 1 },
    },
  },
  {
    name: 'retry-runs-the-done',
    mistake: 'After an outage not only the failed messages are run again, but all of the batch.',
    edits: [
      {
        file: 'source/middleware/retry.ts',
        replace: '  return messages.filter((message) => again.has(placeOf(message)));',
        by: `  const isOutage = failures.some(({ error: each }) => KasperError.is(each) && each.retriable);
  return isOutage ? messages : messages.filter((message) => again.has(placeOf(message)));`,
      },
    ],
    found: {
      invariant: 'repeats-only-open',
      under: { by: 'campaign', workload: 'poison', faults: ['redis-killed'], seed: 1 },
    },
  },
  {
    name: 'outage-dead-lettered',
    mistake: 'Messages are set aside whatever their error is, in an outage, too.',
    edits: [
      {
        file: 'source/middleware/dead-letter.ts',
        replace: '    if (!failed.every((each) => agrees(',
        by: '    if (failed.length < 0 && !failed.every((each) => agrees(',
      },
    ],
    found: {
      invariant: 'no-dead-letters-in-outage',
      under: {
        by: 'campaign',
        workload: 'poison',
        faults: ['redis-refusing', 'redis-refusing', 'redis-refusing', 'redis-refusing'],
        seed: 3,
      },
    },
  },
  {
    name: 'partial-write-taken-for-written',
    mistake: 'A write to a store that failed in a way that passes by itself counts as done.',
    edits: [
      {
        file: 'stores/backend/backend-call.ts',
        replace: '    if (item.failure !== undefined) isFailed = true;',
        by: '    if (item.failure !== undefined && !(title.changes && item.failure.retriable)) isFailed = true;',
      },
    ],
    found: {
      invariant: 'stores-equal-fold',
      under: { by: 'campaign', workload: 'sums-redis', faults: ['redis-killed'], seed: 1 },
    },
  },
  {
    name: 'tenant-swapped',
    mistake: 'After a call that failed the next write goes to the places of other tenants.',
    edits: [
      {
        file: 'stores/backend/backend-multi-store.ts',
        replace: '  readonly #owners = new Map<Place, string>();',
        by: '  readonly #owners = new Map<Place, string>();\n  #hasFailed = false;',
      },
      {
        file: 'stores/backend/backend-multi-store.ts',
        replace: 'await carryOut(setting, wanted, (call) => backend.read(call));',
        by: `await carryOut(setting, wanted, (call) => backend.read(call)).catch((error: unknown) => {
      this.#hasFailed = true;
      throw error;
    });`,
      },
      {
        file: 'stores/backend/backend-multi-store.ts',
        replace:
          'const wanted = new CallKeys({ keys, place: undefined, places: places.list, tenants, values });',
        by: `const list = this.#hasFailed ? [...places.list].reverse() : places.list;
    this.#hasFailed = false;
    const wanted = new CallKeys({ keys, place: undefined, places: list, tenants, values });`,
      },
    ],
    found: {
      invariant: 'tenants-apart',
      under: { by: 'campaign', workload: 'tenants-redis', faults: ['redis-killed'], seed: 1 },
    },
  },
  {
    name: 'key-overtaken',
    mistake: 'Messages with the key of a failed one are run before it is retried.',
    edits: [
      {
        file: 'source/each-message.ts',
        replace: 'const earlier = failedKeys.size === 0 ? undefined : failureOfKey(failedKeys, message);',
        by: 'const earlier = failedKeys.size >= 0 ? undefined : failureOfKey(failedKeys, message);',
      },
    ],
    found: {
      invariant: 'order-per-key',
      under: { by: 'campaign', workload: 'poison', faults: ['redis-killed'], seed: 1 },
    },
  },
];
