/**
 * Who may import whom. Each row names files, all that they may import of the project, and the packages they may use; anything else is
 * an error, and so is a file of source, stores or metrics that no row covers. Node's own modules are open to all.
 */
const kernel = '^source/kernel/';
const message = '^source/message\\.ts$';
/** What a user's program names: all modules directly in source, but the two that put everything together. */
const nouns = '^source/(?!index\\.ts$|topic-processor\\.ts$)[^/]+\\.ts$';
const kafkaPorts =
  '^source/kafka/(client|source|sink|group-offsets|log-position|admin|transactions|trouble)\\.ts$';
const openClient = '^source/kafka/open-client\\.ts$';
const partitioner = '^source/kafka/partitioner\\.ts$';
/** What the user sends, checked, as bytes. */
const outgoingRecord = '^source/kafka/(outgoing|forwarded)-record\\.ts$';
const records = '^source/kafka/records/';
const wire = '^source/kafka/wire/';
const storePorts = '^stores/(store|multi-store|is-store|store-owner|store-columns)\\.ts$';
/** What a key may be, and in which order keys are: every store asks them. */
const storeKeys = '^stores/(entry-checks|key-range)\\.ts$';
/** Stores of a job for which nothing says where they are. */
const memoryStores = '^stores/(multi-)?map-store\\.ts$';
/** What the pipeline wraps the stores in that it was given. */
const storeMetrics = '^stores/instrumented\\.ts$';
const metricsPorts = '^metrics/(metrics|monitor|definitions|noop)\\.ts$';
/** Values as they leave a provider or a server. */
const metricsReports = '^metrics/(metrics-snapshot|exposition|stats-report)\\.ts$';
/** A provider that comes later: it is bound to before the monitor is open. */
const lateMetrics = '^metrics/late-metrics\\.ts$';
const codecPort = '^source/codecs/codec\\.ts$';
const entryPoints = '^(source|stores|metrics|source/testing|source/logging)/index\\.ts$';
const room = (name) => `^source/${name}/`;
/** What the requests to the embedded cluster are served with. */
const belowEmbeddedApi =
  '^source/embedded/(api|cluster-state|fetch-sessions|paced|request-summary|response-writer)\\.ts$';

/** The rooms of the pipeline, from what stands on all others to what all others stand on: a room may import those below it. */
const pipeline = ['watch', 'run', 'input', 'batch', 'delivery', 'assignment', 'config'];
const belowPipeline = [nouns, kafkaPorts, kernel];
const inPipeline = (name, ...more) => ({
  files: room(name),
  may: [...pipeline.slice(pipeline.indexOf(name)).map(room), ...belowPipeline, ...more],
});

/** The rooms of the command line, in the same order. */
const commandLine = ['commands', 'workers', 'job', 'settings', 'terminal'];
const inCommandLine = (name, ...packages) => ({
  files: room(`cli/${name}`),
  may: [
    ...commandLine.slice(commandLine.indexOf(name)).map((each) => room(`cli/${each}`)),
    entryPoints,
    kernel,
  ],
  packages,
});

/** What a monitor shows of a job is judged in the same way before it has a processor. */
const jobs = inCommandLine('job', 'ioredis', '@elastic/elasticsearch');
const degradation = '^source/watch/degradation\\.ts$';

const rows = [
  { files: kernel, may: [kernel], packages: ['leven'] },
  { files: wire, may: [wire, message, kernel] },
  {
    files: records,
    may: [records, wire, kafkaPorts, message, kernel],
    packages: ['@node-rs/crc32', 'snappy', 'lz4-napi', '@bokuweb/zstd-wasm'],
  },
  {
    files:
      '^source/kafka/(client|source|sink|group-offsets|log-position|admin|transactions|trouble|partitioner|outgoing-record)\\.ts$',
    may: [kafkaPorts, message, kernel],
  },
  {
    files: '^source/kafka/forwarded-record\\.ts$',
    may: [kafkaPorts, partitioner, outgoingRecord, records, message, kernel],
  },
  {
    files: '^source/kafka/kafkajs/',
    may: ['^source/kafka/(?!open-client)', message, kernel],
    packages: ['kafkajs'],
  },
  { files: openClient, may: ['^source/kafka/kafkajs/', kafkaPorts, message, kernel] },
  {
    files: nouns.replace('(?!', '(?!job\\.ts$|'),
    may: [nouns, storePorts, kafkaPorts, outgoingRecord, codecPort, kernel],
  },
  // A job carries the options of the processor that will run it.
  { files: '^source/job\\.ts$', may: [nouns, storePorts, kernel, room('config')] },
  inPipeline('watch', metricsPorts, lateMetrics, '^metrics/(server|prometheus)\\.ts$'),
  inPipeline('run', storePorts, room('middleware')),
  inPipeline('input', partitioner),
  inPipeline('batch', room('middleware'), outgoingRecord, partitioner, storePorts),
  inPipeline('delivery'),
  inPipeline('assignment'),
  inPipeline(
    'config',
    room('middleware'),
    openClient,
    partitioner,
    storePorts,
    storeMetrics,
    memoryStores,
    metricsPorts,
    lateMetrics,
  ),
  { files: room('middleware'), may: [room('middleware'), nouns, storePorts, kernel] },
  { files: room('codecs'), may: [room('codecs'), nouns, kernel] },
  { files: room('logging'), may: [room('logging'), kernel], packages: ['winston'] },
  { files: room('operate'), may: [room('operate'), room('assignment'), room('config'), ...belowPipeline] },
  {
    files: '^source/topic-processor\\.ts$',
    may: [nouns, ...pipeline.map(room), kafkaPorts, openClient, metricsPorts, kernel],
  },
  {
    files: '^source/index\\.ts$',
    may: ['^source/(?!cli/|testing/|embedded/)', storePorts, '^stores/with-codec\\.ts$', metricsPorts],
  },
  {
    files: room('embedded/transactions'),
    may: [
      room('embedded/(transactions|groups|logs)'),
      '^source/embedded/(bounded-memory|paced)\\.ts$',
      records,
      wire,
      kernel,
    ],
  },
  {
    files: room('embedded/groups'),
    may: [room('embedded/groups'), '^source/embedded/bounded-memory\\.ts$', wire, kernel],
  },
  {
    files: room('embedded/settings'),
    may: [room('embedded/settings'), '^source/kafka/records/compression\\.ts$', wire, kernel],
  },
  {
    files: room('embedded/logs'),
    may: [room('embedded/(logs|settings)'), records, wire, kernel],
    packages: ['@node-rs/crc32'],
  },
  {
    files: room('embedded/faults'),
    may: [room('embedded/(faults|logs)'), '^source/embedded/request-summary\\.ts$', wire, kernel],
  },
  {
    files: room('embedded/api'),
    may: [room('embedded/(api|groups|logs|settings|transactions)'), belowEmbeddedApi, wire, kernel],
  },
  {
    files: '^source/embedded/[^/]+\\.ts$',
    may: [room('embedded'), records, wire, '^source/kafka/sink\\.ts$', partitioner, message, kernel],
  },
  {
    files: '^source/testing/(run-job\\.ts$|harness/)',
    may: [
      room('testing'),
      room('embedded'),
      nouns,
      '^source/topic-processor\\.ts$',
      room('config'),
      records,
      openClient,
      kafkaPorts,
      partitioner,
      storePorts,
      kernel,
    ],
  },
  {
    files: '^source/testing/(?!run-job\\.ts$|harness/)',
    may: [
      room('testing'),
      room('embedded'),
      nouns,
      records,
      kernel,
      kafkaPorts,
      storePorts,
      metricsPorts,
      codecPort,
    ],
  },
  { files: '^source/cli/[^/]+\\.ts$', may: [room('cli'), entryPoints, kernel], packages: ['commander'] },
  inCommandLine('commands', 'commander'),
  inCommandLine('workers', 'commander'),
  { ...jobs, may: [...jobs.may, degradation] },
  inCommandLine('settings', 'commander'),
  inCommandLine('terminal', 'commander', 'cli-progress'),
  { files: storePorts, may: [storePorts, kernel] },
  { files: storeKeys, may: [storePorts, storeKeys, kernel] },
  { files: '^stores/backend/', may: ['^stores/backend/', storePorts, storeKeys, kernel] },
  { files: '^stores/redis/', may: ['^stores/(redis|backend)/', '^stores/store-owner\\.ts$', kernel] },
  {
    files: '^stores/elasticsearch/',
    may: ['^stores/(elasticsearch|backend)/', '^stores/store-owner\\.ts$', kernel],
  },
  {
    files:
      '^stores/(?!(store|multi-store|is-store|store-owner|store-columns|entry-checks|key-range)\\.ts$)[^/]+\\.ts$',
    may: ['^stores/', kernel, '^metrics/(metrics|definitions)\\.ts$', codecPort],
  },
  { files: metricsPorts, may: [metricsPorts, kernel] },
  { files: metricsReports, may: [metricsReports, metricsPorts, kernel] },
  { files: lateMetrics, may: [metricsPorts, kernel] },
  {
    files: '^metrics/prometheus(/|\\.ts$)',
    may: ['^metrics/prometheus/', metricsReports, metricsPorts, kernel],
    packages: ['prom-client'],
  },
  {
    files: '^metrics/server(/|\\.ts$)',
    may: ['^metrics/server/', '^metrics/dashboard/page\\.ts$', metricsReports, metricsPorts, kernel],
  },
  { files: '^metrics/index\\.ts$', may: ['^metrics/(?!dashboard/)'] },
  { files: '^metrics/dashboard/[^/]+$', may: [] },
  {
    files: '^metrics/dashboard/model/',
    may: ['^metrics/dashboard/model/', '^metrics/stats-report\\.ts$'],
  },
  {
    files: '^metrics/dashboard/browser/',
    may: ['^metrics/dashboard/(browser|model)/'],
    packages: ['uplot'],
  },
];

const packagePath = (name) => `^node_modules/(@types/)?${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...rows.map(({ files, may, packages = [] }) => ({
      name: `imports of ${files}`,
      comment: 'Not in its row of the import table: move the code, or ask for a port.',
      severity: 'error',
      from: { path: files },
      to: {
        pathNot: [...may, ...packages.map(packagePath)],
        dependencyTypesNot: ['core'],
      },
    })),
    {
      name: 'a file without a row',
      comment: 'Every file of source, stores and metrics has a row in the import table.',
      severity: 'error',
      from: { path: '^(source|stores|metrics)/', pathNot: rows.map(({ files }) => files) },
      to: {},
    },
    {
      name: 'a cycle',
      comment: 'Files that import each other, also for types, cannot be read or moved alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'an import of what is not there',
      comment: 'A path or package that does not resolve.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'an undeclared package',
      comment: 'The package is not in package.json, so it may be missing where ours is installed.',
      severity: 'error',
      from: {},
      // An optional peer counts as undeclared too, for it is named in peerDependenciesMeta.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-dev', 'npm-peer'] },
    },
    {
      name: 'a development package in published code',
      comment: 'It is not installed with ours: make it a dependency or an optional peer.',
      severity: 'error',
      from: { path: '^(source|stores|metrics)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'npm-optional', 'type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
