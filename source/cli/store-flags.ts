import { Option, type Command } from 'commander';
import { ConfigError } from '../index.ts';
import type { Io } from './io.ts';

export const storeKinds = ['map', 'redis', 'elasticsearch'] as const;

/** Where a job's stores are. */
export type StoreKind = (typeof storeKinds)[number];

/** The flags that say where a job's stores are. */
export interface StoreFlags {
  readonly store?: StoreKind;
  readonly storeUrl?: string;
}

/** A place for stores, checked. */
export type StorePlace =
  | { readonly kind: 'map' }
  /** One server, or nodes of a Redis Cluster. */
  | { readonly kind: 'redis'; readonly urls: readonly [URL, ...URL[]] }
  | { readonly kind: 'elasticsearch'; readonly url: URL };

/** A password in a flag would be seen by everybody who lists processes. */
const URL_VARIABLE = 'KASPER_STORE_URL';

const defaultUrls = { redis: 'redis://localhost:6379', elasticsearch: 'http://localhost:9200' } as const;
const protocols = { redis: ['redis:', 'rediss:'], elasticsearch: ['http:', 'https:'] } as const;

export function addStoreFlags(command: Command): void {
  command
    .addOption(
      new Option('--store <kind>', 'where the stores of a job are that asks for them').choices(storeKinds),
    )
    .option(
      '--store-url <url>',
      `${defaultUrls.redis} or ${defaultUrls.elasticsearch}; nodes of a Redis Cluster with commas between; ` +
        `one with a password is read from ${URL_VARIABLE}`,
    );
}

/**
 * What the flags and the environment name; undefined without `--store`.
 *
 * @throws ConfigError; it never shows a password
 */
export function storePlaceOf(
  { store: kind, storeUrl }: StoreFlags,
  { env }: Pick<Io, 'env'>,
): StorePlace | undefined {
  if (kind === undefined) {
    if (storeUrl !== undefined) throw storeError(`--store-url needs --store redis or --store elasticsearch`);
    return undefined;
  }
  if (kind === 'map') {
    if (storeUrl !== undefined) throw storeError('--store map has no URL: leave --store-url out');
    return { kind };
  }
  const given = storeUrl ?? env[URL_VARIABLE] ?? defaultUrls[kind];
  const [first = '', ...others] = given.split(',').map((text) => text.trim());
  const url = parse(first, kind);
  if (kind === 'redis') return { kind, urls: [url, ...others.map((text) => parse(text, kind))] };
  if (others.length > 0) {
    throw storeError(
      '--store-url: give one address of the Elasticsearch cluster, or of what stands before it',
    );
  }
  return { kind, url };
}

function parse(text: string, kind: 'redis' | 'elasticsearch'): URL {
  const expected = protocols[kind].join('//… or ');
  if (!URL.canParse(text)) throw storeError(`--store-url: this is not a URL that begins with ${expected}//`);
  const url = new URL(text);
  if (!(protocols[kind] as readonly string[]).includes(url.protocol)) {
    throw storeError(
      `--store-url: ${withoutSecrets(url)} does not fit --store ${kind}: it must begin with ${expected}//`,
    );
  }
  return url;
}

/** A URL as it may be shown. */
export function withoutSecrets(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

function storeError(problem: string): ConfigError {
  return new ConfigError([problem], { what: 'Stores' });
}
