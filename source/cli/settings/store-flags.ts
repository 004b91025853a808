import type { Command } from 'commander';
import { ConfigError } from '../../index.ts';
import type { Io } from '../terminal/io.ts';
import { flagsOf } from './setting-flags.ts';
import { settings, variableOf } from './settings.ts';

export const storeKinds = ['map', 'redis', 'elasticsearch'] as const;

/** Where a job's stores are. */
export type StoreKind = (typeof storeKinds)[number];

/** The settings that say where a job's stores are. */
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

const defaultUrls = { redis: 'redis://localhost:6379', elasticsearch: 'http://localhost:9200' } as const;
const MOST_PORT = 65_535;
const protocols = { redis: ['redis:', 'rediss:'], elasticsearch: ['http:', 'https:'] } as const;

/** Adds `--store` and `--store-url` to a program that has no configuration file. */
export function addStoreFlags(command: Command): void {
  for (const setting of settings.filter(({ group }) => group === 'stores'))
    for (const flag of flagsOf(setting)) command.addOption(flag);
}

/** Where the URL comes from if not from a flag. */
export interface LaterUrl {
  readonly url: string | undefined;
  /** As messages name it. */
  readonly place: string;
}

/**
 * What the flags and the environment name; undefined without `--store`.
 *
 * @param later the URL of a configuration file or the environment: where no store wants one, it
 * does not matter
 * @throws ConfigError; it never shows a password
 */
export function storePlaceOf(
  { store: kind, storeUrl }: StoreFlags,
  { env }: Pick<Io, 'env'>,
  later: LaterUrl = { url: env[variableOf('storeUrl')], place: variableOf('storeUrl') },
): StorePlace | undefined {
  if (kind === undefined) {
    if (storeUrl !== undefined) throw storeError(`--store-url needs --store redis or --store elasticsearch`);
    return undefined;
  }
  if (!storeKinds.includes(kind))
    throw storeError(
      `--store must be ${storeKinds.join(', ').replace(/, ([^,]*)$/, ' or $1')}, not '${kind as string}'`,
    );
  if (kind === 'map') {
    if (storeUrl !== undefined) throw storeError('--store map has no URL: remove --store-url');
    return { kind };
  }
  const given = storeUrl ?? later.url ?? defaultUrls[kind];
  const place = storeUrl === undefined && later.url !== undefined ? later.place : '--store-url';
  const [first = '', ...others] = given.split(',').map((text) => text.trim());
  const url = parse(first, kind, place);
  if (kind === 'redis') return { kind, urls: [url, ...others.map((text) => parse(text, kind, place))] };
  if (others.length > 0) {
    throw storeError(`${place}: give one address of the Elasticsearch cluster, or of the proxy before it`);
  }
  return { kind, url };
}

function parse(text: string, kind: 'redis' | 'elasticsearch', place: string): URL {
  const expected = protocols[kind].join('//… or ');
  if (!URL.canParse(text)) throw storeError(`${place}: ${whyNoUrl(text, protocols[kind], expected)}`);
  const url = new URL(text);
  if (!(protocols[kind] as readonly string[]).includes(url.protocol)) {
    throw storeError(
      `${place}: ${withoutSecrets(url)} does not fit --store ${kind}: it must begin with ${expected}//`,
    );
  }
  return url;
}

/** Nothing before an @ is shown, since it may be a password. */
function whyNoUrl(text: string, begins: readonly string[], expected: string): string {
  if (!begins.some((protocol) => text.startsWith(`${protocol}//`)))
    return `this is not a URL that begins with ${expected}//`;
  const [, port] = /:(\d+)(?:[/?#]|$)/.exec(text.slice(text.lastIndexOf('@') + 1)) ?? [];
  if (Number(port) > MOST_PORT) return `there is no port ${port}: the highest is ${MOST_PORT}`;
  return 'the host or the port of this URL cannot be read; in a user name or password, write @ as %40, / as %2F, : as %3A, # as %23 and ? as %3F';
}

/** A URL as it may be shown. */
export function withoutSecrets(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

function storeError(problem: string): ConfigError {
  return new ConfigError([problem], { what: 'Stores' });
}
