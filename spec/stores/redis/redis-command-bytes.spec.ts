import { randomBytes } from 'node:crypto';
import test from 'ava';
import { Command } from 'ioredis';
import type { RedisClient, RedisCommand } from '../../../stores/redis/redis-client.ts';
import { commandBytes, type RedisArgument } from '../../../stores/redis/redis-command-bytes.ts';
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
