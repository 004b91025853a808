import {
  TopicProcessor,
  type ClientInit,
  type Job,
  type LogFields,
  type Logger,
  type TopicProcessorOptions,
} from '../../index.ts';
import { winstonLogger, type LogFormat } from '../../logging/index.ts';
import { clientOf } from '../settings/connection-flags.ts';
import { Gathered } from './gathered.ts';
import type { Io } from '../terminal/io.ts';
import { loadJob } from './job-module.ts';
import { monitorOf, type JobMonitor } from './job-monitor.ts';
import { checkStoresOf } from './job-stores.ts';
import type { Layers } from '../settings/layers.ts';
import { givenOptions, placeIn, runSettingsOf, type RunSettings } from '../settings/run-settings.ts';
import { wrappedStream } from '../terminal/wrapped.ts';
import { storePlaceOf, type StorePlace } from '../settings/store-flags.ts';

/** Where log lines go. */
export interface LogPlace {
  readonly stream: NodeJS.WritableStream;
  /** Unless a setting says. */
  readonly format: LogFormat;
  /** That of the terminal there, within which lines of text are broken; default: they are not. */
  readonly width?: () => number | undefined;
  /** On each line, also of the job's own logger. */
  readonly fields?: LogFields;
}

/** Takes the place of brokers where Kafka is not asked anything. */
const UNKNOWN = ['unknown:9092'];

/**
 * The options of a job's processor, but for what is opened with it; client and logger are always
 * there.
 */
type SetOptions = Omit<TopicProcessorOptions, 'inputPartitions' | 'stores' | 'metrics' | 'monitor'> & {
  readonly client: ClientInit;
  readonly logger: Logger;
};

/** What a job is set up with, beside its file. */
export interface SetupOptions {
  readonly layers: Pick<Layers, 'given'>;
  readonly io: Pick<Io, 'env' | 'cwd' | 'onIdle' | 'stderr'>;
  /**
   * Where log lines go, and in which form, if the job has no logger of its own and no setting says.
   */
  readonly logs: LogPlace;
  /** Whether it is a problem that no Kafka is named. Default true. */
  readonly needsKafka?: boolean;
}

/** A job with its settings, checked as far as that needs no other machine. */
export interface JobSetup {
  /** The file, as it was named. */
  readonly file: string;
  readonly job: Job;
  readonly settings: RunSettings;
  /** Where the stores are that the job asks for. */
  readonly place: StorePlace | undefined;
  /** How it is watched. */
  readonly watched: JobMonitor;
  /** The job's, with those of the settings over them. */
  readonly options: SetOptions;
  /** undefined: all that the topics have. */
  readonly inputPartitions: readonly number[] | undefined;
}

/**
 * Loads a job and puts the settings over it.
 *
 * @throws ConfigError that lists all that is wrong with them
 */
export async function setUpJob(file: string, options: SetupOptions): Promise<JobSetup> {
  const gathered = new Gathered();
  const setup = await checkJobSetup(file, options, gathered);
  gathered.throwIfAny();
  if (setup === undefined) throw new TypeError('A job that could not be loaded had no problem');
  return setup;
}

/** As {@link setUpJob}, with the problems gathered; the result is there if none was found. */
export async function checkJobSetup(
  file: string,
  { layers, io, logs, needsKafka = true }: SetupOptions,
  gathered: Gathered,
): Promise<JobSetup | undefined> {
  const settings = runSettingsOf(layers);
  const placeOf = placeIn(layers);
  const place = gathered.try(() => placeOfStores(layers, io));
  let job: Job;
  try {
    job = await loadJob(file, io);
  } catch (error) {
    gathered.keep(error);
    return undefined;
  }
  const { processor, stores, inputPartitions: ofJob, metrics, monitor, ...jobOptions } = job;
  gathered.try(() => {
    checkStoresOf(stores, layers.given.get('store'));
  });
  const isNamed = needsKafka || job.client !== undefined || settings.brokers !== undefined;
  const connection = isNamed ? settings : { ...settings, brokers: UNKNOWN };
  const client = gathered.try(() => clientOf(job.client, connection, { ...io, placeOf }));
  const watched = gathered.try(() => monitorOf(job, layers));
  const logger = loggerOf(job.logger, settings, logs);
  const inputPartitions = settings.partitions ?? ofJob;
  const options = {
    ...jobOptions,
    ...givenOptions(layers),
    client: client ?? { brokers: UNKNOWN },
    logger,
  };
  gathered.try(() => {
    // Its constructor checks the options, and connects to nothing.
    const known = {
      ...options,
      inputPartitions: inputPartitions ?? [0],
      ...(metrics === undefined ? {} : { metrics }),
      ...(monitor === undefined ? {} : { monitor }),
    };
    // What its middleware needs of stores is known when the job's function has made them.
    const middleware = typeof stores === 'function' ? [] : (known.middleware ?? []);
    const checked = { ...known, middleware };
    new TopicProcessor(typeof stores === 'object' ? { ...checked, stores } : checked, processor);
  });
  if (client === undefined || watched === undefined || !gathered.isEmpty) return undefined;
  return { file, job, settings, place, watched, options, inputPartitions };
}

/**
 * A URL in the configuration file or the environment may be for other jobs: it does not matter
 * where no store needs one.
 */
function placeOfStores(layers: Pick<Layers, 'given'>, io: Pick<Io, 'env'>): StorePlace | undefined {
  const { store, storeUrl } = runSettingsOf(layers);
  const kind = store === undefined ? {} : { store };
  const url = layers.given.get('storeUrl');
  if (storeUrl === undefined || url?.layer === 'flag')
    return storePlaceOf({ ...kind, ...(storeUrl === undefined ? {} : { storeUrl }) }, io);
  return storePlaceOf(kind, io, { url: storeUrl, place: url?.place ?? '--store-url' });
}

/** The job's own logger, unless a setting asks for another. */
function loggerOf(
  jobLogger: Logger | undefined,
  { logFormat, logLevel }: RunSettings,
  logs: LogPlace,
): Logger {
  const isJobs = jobLogger !== undefined && logFormat === undefined && logLevel === undefined;
  const format = logFormat ?? logs.format;
  const { width } = logs;
  const stream = format === 'text' && width !== undefined ? wrappedStream(logs.stream, width) : logs.stream;
  const logger = isJobs ? jobLogger : winstonLogger({ format, level: logLevel ?? 'info', stream });
  return logs.fields === undefined ? logger : logger.child(logs.fields);
}
