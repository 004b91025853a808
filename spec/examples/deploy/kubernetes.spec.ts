import { execFile } from 'node:child_process';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { StatefulSet } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Secret, Service } from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { parseShare, partitionShare } from '../../../source/cli/settings/partition-share.ts';
import { optionRows } from '../../../source/config/option-table.ts';
import { temporaryFolder } from '../../_helpers/temporary-folder.ts';

const run = promisify(execFile);

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Container {
  readonly command: readonly string[];
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
}

interface Pods extends Manifest {
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly [Container];
        readonly terminationGracePeriodSeconds: number;
      };
    };
  };
}

/** Each has the schema of Kubernetes, compiled, as the method `validate`. */
const kinds: Readonly<Record<string, { readonly prototype: { validate(): void } }>> = {
  'v1 Secret': Secret,
  'v1 Service': Service,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
  'apps/v1 StatefulSet': StatefulSet,
};

async function readManifests(): Promise<Manifest[]> {
  const text = await readFile(join(repositoryRoot, 'scripts/examples/deploy/kubernetes.yaml'), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

async function readPods(): Promise<Pods> {
  return (await readManifests()).find(({ kind }) => kind === 'StatefulSet') as Pods;
}

/**
 * Checks a manifest.
 *
 * @returns the fields that the schema does not know: its compiled form asks for those that it
 *   knows, and for no others
 * @throws what does not fit
 */
function validate(manifest: Manifest): string[] {
  const asked = new Set<string>();
  const all: string[] = [];
  const watched = watch(manifest, '', asked, all);
  // Not of an instance, which would be a copy for which every field was read.
  kinds[`${manifest.apiVersion} ${manifest.kind}`]?.prototype.validate.call(watched);
  return all.filter((path) => !asked.has(path));
}

/** The same values; each field that is read is noted, and so is each that is there. */
function watch(value: unknown, path: string, asked: Set<string>, all: string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const watched = Object.entries(value).map(([name, inner]: [string, unknown]) => {
    all.push(`${path}/${name}`);
    return [name, watch(inner, `${path}/${name}`, asked, all)] as const;
  });
  const copy = Array.isArray(value) ? watched.map(([, inner]) => inner) : Object.fromEntries(watched);
  return new Proxy(copy, {
    get(target, name, receiver) {
      if (typeof name === 'string') asked.add(`${path}/${name}`);
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
}

test('each manifest fits the schema of Kubernetes, and has no field that it does not know', async (t) => {
  const manifests = await readManifests();
  t.deepEqual(
    manifests.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).toSorted(),
    Object.keys(kinds).toSorted(),
  );
  for (const manifest of manifests) t.deepEqual(validate(manifest), [], manifest.kind);
});

test('the check would find a wrong value, and a field that does not exist', async (t) => {
  const changed = async (change: (text: string) => string) =>
    JSON.parse(change(JSON.stringify(await readPods()))) as Pods;
  const wrong = await changed((text) => text.replace('"replicas":3', '"replicas":"3"'));
  t.throws(() => validate(wrong), { message: /replicas must be integer/ });
  const unknown = await changed((text) => text.replace('"periodSeconds"', '"periodSecond"'));
  t.deepEqual(validate(unknown), ['/spec/template/spec/containers/0/startupProbe/periodSecond']);
});

test('each pod starts kasper with its share of the partitions, whatever their number', async (t) => {
  const [container] = (await readPods()).spec.template.spec.containers;
  for (const [partitions, replicas] of [
    [12, 3],
    [10, 4],
    [7, 7],
  ] as const) {
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const started: number[] = [];
    for (let index = 0; index < replicas; index++) {
      const args = await startedWith(t, container, { replicas, index });
      t.deepEqual(args.slice(0, 3), ['run', 'job.js', '--share']);
      started.push(...partitionShare(parseShare(args[3] ?? ''), all));
    }
    t.deepEqual(started, all);
  }
});

/** What the container's command calls kasper with. */
async function startedWith(
  t: ExecutionContext,
  { command: [program = '', ...args] }: Container,
  { replicas, index }: { replicas: number; index: number },
): Promise<string[]> {
  const folder = await temporaryFolder(t, { kasper: '#!/bin/sh\necho "$@"\n' });
  await chmod(join(folder, 'kasper'), 0o755);
  const env = {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    POD_NAME: `word-count-${index}`,
    REPLICAS: String(replicas),
  };
  const { stdout } = await run(program, args, { env });
  return stdout.trim().split(' ');
}

test('what belongs together in the manifests is equal', async (t) => {
  const manifests = await readManifests();
  const { spec } = await readPods();
  const { containers, terminationGracePeriodSeconds } = spec.template.spec;
  const [{ env, ports, image }] = containers;
  const valueOf = (wanted: string) => env.find(({ name }) => name === wanted)?.value;
  const portOf = (wanted: string) => ports.find(({ name }) => name === wanted)?.containerPort;
  t.is(Number(valueOf('REPLICAS')), spec.replicas);
  t.is(valueOf('KASPER_METRICS_PORT'), String(portOf('metrics')));
  t.deepEqual(spec.selector.matchLabels, spec.template.metadata.labels);
  t.true(manifests.some(({ kind, metadata }) => kind === 'Service' && metadata.name === spec.serviceName));
  const closeTimeoutMs = optionRows.find(({ name }) => name === 'closeTimeoutMs')?.default as number;
  t.true(terminationGracePeriodSeconds * 1000 >= closeTimeoutMs + 10_000);
  t.regex(image, /:\d+\.\d+\.\d+$/);
  t.is(valueOf('KASPER_SASL_PASSWORD'), undefined, 'it comes from the Secret');
});
