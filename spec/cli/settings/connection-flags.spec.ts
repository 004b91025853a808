import { join } from 'node:path';
import test from 'ava';
import { clientOf, type ConnectionFlags } from '../../../source/cli/settings/connection-flags.ts';
import { ConfigError, type ClientInit } from 'kasper-ts';
import { folderWith } from '../job-file.ts';

/** Flags and environment against a job's client; the problems, if there are any. */
function problemsOf(
  flags: ConnectionFlags,
  env: Record<string, string> = {},
  jobClient?: ClientInit,
): readonly string[] {
  try {
    clientOf(jobClient, flags, { env, cwd: '/' });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test('flags make the options of a client', async (t) => {
  const folder = await folderWith(t, 'ca.pem', 'the authorities');
  const client = clientOf(
    undefined,
    {
      brokers: ['a:1', 'b:2'],
      clientId: 'me',
      ssl: true,
      sslCa: 'ca.pem',
      saslMechanism: 'scram-sha-256',
      saslUsername: 'ann',
    },
    { env: { KASPER_SASL_PASSWORD: 'secret' }, cwd: folder },
  );
  t.deepEqual(client, {
    brokers: ['a:1', 'b:2'],
    clientId: 'me',
    ssl: { ca: 'the authorities' },
    sasl: { mechanism: 'scram-sha-256', username: 'ann', password: 'secret' },
  });
});

test("flags go over the job's options and leave its others", (t) => {
  const job = { brokers: ['job:1'], clientId: 'job', ssl: true };
  t.deepEqual(clientOf(job, { brokers: ['flag:1'] }, { env: {}, cwd: '/' }), {
    brokers: ['flag:1'],
    clientId: 'job',
    ssl: true,
  });
  t.deepEqual(clientOf(job, {}, { env: {}, cwd: '/' }), job);
});

test('a client that the job made itself cannot be changed by flags', (t) => {
  const made = { consumer: () => undefined, producer: () => undefined, admin: () => undefined };
  t.is(clientOf(made, {}, { env: {}, cwd: '/' }), made);
  t.deepEqual(problemsOf({ brokers: ['a:1'], ssl: true }, {}, made), [
    'the job has its own client, which --brokers, --ssl cannot change: remove that, or let the job give options such as { brokers: [...] }, or no client',
  ]);
});

test('a certificate and its key make a client for TLS on both sides; no TLS after all wants no files', async (t) => {
  const folder = await folderWith(t, 'client.pem', '\ufeffa certificate and its key');
  const io = { env: {}, cwd: folder };
  const flags = { brokers: ['a:1'], sslCert: 'client.pem', sslKey: 'client.pem' };
  const pem = 'a certificate and its key';
  t.deepEqual(clientOf(undefined, { ...flags, ssl: true }, io), {
    brokers: ['a:1'],
    ssl: { cert: pem, key: pem },
  });
  t.deepEqual(clientOf(undefined, { ...flags, ssl: false }, io), { brokers: ['a:1'], ssl: false });
  t.deepEqual(problemsOf({ brokers: ['a:1'], ssl: true, sslKey: join(folder, 'client.pem') }), [
    '--ssl-key needs --ssl-cert',
  ]);
});

test('everything that is missing is said at once', (t) => {
  t.deepEqual(problemsOf({}), [
    'no Kafka is named: give --brokers host:9092, KASPER_BROKERS, or brokers in kasper.config.json',
  ]);
  t.deepEqual(problemsOf({ brokers: ['a:1'], saslUsername: 'ann' }), [
    '--sasl-username needs --sasl-mechanism',
    'the SASL password is missing: put it into the environment variable KASPER_SASL_PASSWORD',
  ]);
  t.deepEqual(problemsOf({ brokers: ['a:1'], saslMechanism: 'plain' }, { KASPER_SASL_PASSWORD: 'secret' }), [
    '--sasl-mechanism needs --sasl-username',
  ]);
  const missing = join('/', 'nowhere', 'ca.pem');
  t.deepEqual(problemsOf({ brokers: ['a:1'], sslCa: missing }), [
    '--ssl-ca needs --ssl',
    `--ssl-ca: ENOENT: no such file or directory, open '${missing}'`,
  ]);
});
