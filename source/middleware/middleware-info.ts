import { readOr } from '../kernel/read-or.ts';
import { messageOf } from '../kernel/thrown-text.ts';
import type { StoreMap } from '../message-processor.ts';
import type { Middleware } from './middleware.ts';

/** Where a middleware of this package has its {@link MiddlewareInfo}. */
export const middlewareInfo = Symbol.for('kasper-ts.middleware');

/**
 * What a middleware shows of itself before it has a batch. Those of this package bear it; one of your
 * own may, under the symbol {@link middlewareInfo}.
 */
export interface MiddlewareInfo {
  /** What it is, such as 'retry'. */
  readonly name: string;
  /** What is wrong with it among these options, a sentence each; they join the one ConfigError. */
  check?(config: MiddlewareConfig): readonly string[];
  /** What an operator should know, though a run begins: logged at the start, and shown by lint. */
  warnings?(config: MiddlewareConfig): readonly string[];
  /** Topics that it sends to, for these input topics: looked up at the start. */
  topics?(inputTopics: readonly string[]): readonly NeededTopic[];
}

/** The options of a processor that a middleware may have to fit to. */
export interface MiddlewareConfig {
  readonly inputTopics: readonly string[];
  readonly inputPartitions: readonly number[];
  readonly stores: StoreMap;
  readonly delivery?: string;
  readonly batchSize: number;
  readonly batchBytes: number;
  /** In milliseconds. */
  readonly processTimeoutMs: number;
}

/** A topic that a middleware sends to. */
export interface NeededTopic {
  readonly topic: string;
  /** The input topic whose number of partitions it gets when it is created. */
  readonly like: string;
  /** Whether a run creates it where it is missing; otherwise that is a ConfigError. */
  readonly create: boolean;
  /** The call that would create it, such as 'deadLetter({ create: true })'. */
  readonly creator: string;
}

/** Gives a middleware its info. */
export function withInfo(info: MiddlewareInfo, middleware: Middleware): Middleware {
  return Object.assign(middleware, { [middlewareInfo]: info });
}

/** What all of them find wrong. */
export function middlewareProblems(middleware: readonly Middleware[], config: MiddlewareConfig): string[] {
  return middleware.flatMap((each, at) =>
    problemsOf(infoOf(each), config).map((problem) => `middleware[${at}]: ${problem}`),
  );
}

/**
 * What all of them warn of, and what their order means; without the options only that.
 */
export function middlewareWarnings(middleware: readonly Middleware[], config?: MiddlewareConfig): string[] {
  const infos = middleware.map((each) => infoOf(each));
  const place = (name: string) => infos.findIndex((info) => info?.name === name);
  const warnings = config === undefined ? [] : infos.flatMap((info) => info?.warnings?.(config) ?? []);
  if (place('deduplicate') >= 0 && place('deduplicate') < place('deadLetter'))
    warnings.push(
      'deduplicate stands outside of deadLetter: the id of a dead letter counts as seen, and its replay is skipped as a repeat. Put deadLetter before deduplicate in the option middleware',
    );
  return warnings;
}

/** The topics that all of them send to, each once. */
export function neededTopics(
  middleware: readonly Middleware[],
  inputTopics: readonly string[],
): readonly NeededTopic[] {
  const needed = new Map<string, NeededTopic>();
  for (const each of middleware)
    for (const topic of infoOf(each)?.topics?.(inputTopics) ?? [])
      if (needed.get(topic.topic)?.create !== true) needed.set(topic.topic, topic);
  return [...needed.values()];
}

/** Says of a topic that is missing how it is created, with as many partitions as its input topic has. */
export function missingTopicText({ topic, creator }: NeededTopic, partitionCount: number): string {
  return (
    `topic '${topic}' not found: create it, such as with kafka-topics.sh --bootstrap-server … --create --topic ${topic} ` +
    `--partitions ${partitionCount} --config retention.ms=-1, or let ${creator} do it`
  );
}

function problemsOf(info: MiddlewareInfo | undefined, config: MiddlewareConfig): readonly string[] {
  try {
    return info?.check?.(config) ?? [];
  } catch (error) {
    return [`${info?.name ?? 'it'} threw when it was checked: ${messageOf(error)}`];
  }
}

function infoOf(middleware: Middleware): MiddlewareInfo | undefined {
  return readOr(
    undefined,
    () => (middleware as { readonly [middlewareInfo]?: MiddlewareInfo })[middlewareInfo],
  );
}
