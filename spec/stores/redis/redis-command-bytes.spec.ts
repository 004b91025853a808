import { randomBytes } from 'node:crypto';
import test from 'ava';
import { Command } from 'ioredis';
import type { RedisClient, RedisCommand } from '../../../stores/redis/redis-client.ts';
import { CallKeys } from '../../../stores/backend/call-keys.ts';
import {
  commandBytes,
  keyedCommandBytes,
  wholeArguments,
  type RedisArgument,
} from '../../../stores/redis/redis-command-bytes.ts';
import { sendAll } from '../../../stores/redis/redis-send.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { redisClient, sharedRedis } from '../../_helpers/servers/store-servers.ts';

const redis = sharedRedis();

const lists: Readonly<Record<string, readonly RedisArgument[]>> = {
  nothing: [],
  'short text': ['counts/0000001', '17', ''],
  'text of 9 to 101 characters': [9, 10, 31, 32, 33, 99, 100, 101].map((length) => 'x'.repeat(length)),
  'text that is not ASCII': ['é', 'ключ', '鍵'.repeat(11), '🔑'.repeat(20), `${'a'.repeat(31)}é`],
  numbers: [0, -17, 10_000, 1.5],
  bytes: [
    Buffer.alloc(0),
    Buffer.from([0xff, 0, 13, 10]),
    randomBytes(32),
    randomBytes(33),
    randomBytes(70_000),
  ],
  'a part of a larger Buffer': [Buffer.from('abcdef').subarray(2, 4), 'key'],
  'many of each': Array.from({ length: 3_000 }, (_, n) => (n % 2 === 0 ? `k/${n}` : Buffer.from(`é${n}`))),
};

for (const [title, args] of Object.entries(lists)) {
  test(`a command has the bytes that ioredis makes of it: ${title}`, (t) => {
    const expected = new Command('mset', [[...args]]).toWritable({});
    t.deepEqual(commandBytes('mset', args), Buffer.from(expected));
  });
}

const names: Readonly<Record<string, readonly string[]>> = {
  'short ones': ['0000001', 'a', 'x'.repeat(9)],
  'long ones': ['x'.repeat(32), 'x'.repeat(33), 'x'.repeat(70_000)],
  'ones that are not ASCII': ['a', 'é', 'ключ', '🔑'.repeat(20), `${'a'.repeat(33)}é`],
  'a thousand': Array.from({ length: 1_000 }, (_, n) => `k${n}`),
};

for (const [title, keys] of Object.entries(names)) {
  for (const prefix of ['counts/', `${'p'.repeat(40)}/`, 'счёт/']) {
    const values = keys.map((key) => Buffer.from(`value of ${key}`));
    const whole = keys.map((key) => prefix + key);
    test(`keys and values behind ${prefix} have the bytes of the whole keys: ${title}`, (t) => {
      const wanted = new CallKeys({ keys, place: prefix });
      t.deepEqual(keyedCommandBytes('mget', wanted), commandBytes('mget', whole));
      const pairs = whole.flatMap((key, at) => [key, values[at] ?? '']);
      const written = new CallKeys({ keys, place: undefined, places: keys.map(() => prefix), values });
      t.deepEqual(keyedCommandBytes('mset', written), commandBytes('mset', pairs));
      t.deepEqual(wholeArguments(written), pairs);
    });
  }
}

test('keys behind several prefixes have the bytes of the whole keys', (t) => {
  const places = ['a/', 'a/', 'b/', 'é/', 'a/'];
  const ascii = new CallKeys({ keys: ['1', '2', '3'], place: undefined, places });
  t.deepEqual(keyedCommandBytes('mget', ascii), commandBytes('mget', ['a/1', 'a/2', 'b/3']));
  const mixed = new CallKeys({ keys: ['1', '2', '3', '4', '5'], place: undefined, places });
  t.deepEqual(keyedCommandBytes('mget', mixed), commandBytes('mget', ['a/1', 'a/2', 'b/3', 'é/4', 'a/5']));
});

redis.test('binary values come back as they were, and errors name their command', async (t, { port }) => {
  const client = redisClient(t, port);
  const key = randomName('ключ');
  const value = randomBytes(1_000);
  t.deepEqual(await sendAll(client, [['call', 'mset', [key, value, `${key}-2`, Buffer.alloc(0)]]]), [
    [null, 'OK'],
  ]);
  t.deepEqual(await sendAll(client, [['callBuffer', 'mget', [key, `${key}-2`, `${key}-3`]]]), [
    [null, [value, Buffer.alloc(0), null]],
  ]);
  const wrong: RedisCommand = ['call', 'lpush', [key, 'x']];
  const [[error] = []] = await sendAll(client, [wrong]);
  t.like(error, { name: 'ReplyError', command: { name: 'lpush', args: [key, 'x'] } });
});

redis.test('what was queued before the connection was there is sent', async (t, { port }) => {
  const client = redisClient(t, port, { lazyConnect: true });
  const key = randomName('k');
  await client.connect();
  const set = sendAll(client, [['call', 'set', [key, Buffer.from([0xff])]]]);
  client.disconnect(true);
  const [[error] = []] = await set;
  if (error !== null) t.fail(String(error));
  t.deepEqual(await client.getBuffer(key), Buffer.from([0xff]));
});

test('a client that makes no commands of ioredis sends them by its own methods', async (t) => {
  const calls: unknown[] = [];
  const client: RedisClient & { sendCommand(): never } = {
    options: {},
    call: (...given) => Promise.resolve(calls.push(given)),
    callBuffer: (...given) => Promise.resolve(calls.push(given)),
    pipeline: () => t.fail(),
    multi: () => t.fail(),
    sendCommand: () => t.fail(),
  };
  await sendAll(client, [['callBuffer', 'mget', ['a', 'b']]]);
  await sendAll(client, [['call', 'del', ['a']]]);
  t.deepEqual(calls, [
    ['ping', []],
    ['mget', ['a', 'b']],
    ['del', ['a']],
  ]);
});
