/**
 * Who may import whom. Each row names files, all that they may import of the project, and the packages they may use; anything else is
 * an error, and so is a file of source, stores or metrics that no row covers. Node's own modules are open to all.
 */
const kernel = '^source/kernel/';
const message = '^source/message\\.ts$';
/** All modules directly in source but its index: the pipeline and the ports that others implement. */
const core = '^source/(?!index\\.ts$)[^/]+\\.ts$';
/** Where a processor's own monitor is composed. */
const openMonitor = '^source/open-monitor\\.ts$';
const kafkaPort = '^source/kafka/(client|admin)\\.ts$';
const storePorts = '^stores/(store|multi-store)\\.ts$';
/** What the pipeline wraps the stores in that it was given. */
const storeMetrics = '^stores/instrumented\\.ts$';
const metricsPorts = '^metrics/(metrics|monitor|definitions|noop)\\.ts$';
const codecPort = '^source/codecs/codec\\.ts$';
const assignorPort = '^source/assignment/assignor\\.ts$';
const records = '^source/kafka/records/';
const wire = '^source/kafka/wire/';
const entryPoints = '^(source|stores|metrics|source/testing|source/logging)/index\\.ts$';

const rows = [
  { files: kernel, may: [kernel], packages: ['leven'] },
  { files: wire, may: [wire, message, kernel] },
  {
    files: records,
    may: [records, wire, kafkaPort, message, kernel],
    packages: ['@node-rs/crc32', 'snappy', 'lz4-napi', '@bokuweb/zstd-wasm'],
  },
  { files: '^source/kafka/(client|admin|partitioner)\\.ts$', may: [kafkaPort, message, kernel] },
  {
    files: '^source/kafka/kafkajs/',
    may: ['^source/kafka/(?!open-client)', message, kernel],
    packages: ['kafkajs'],
  },
  {
    files: '^source/kafka/open-client\\.ts$',
    may: ['^source/kafka/kafkajs/', kafkaPort, message, kernel],
  },
  {
    files: openMonitor,
    may: [core, metricsPorts, kernel, '^metrics/(server|prometheus)\\.ts$'],
  },
  {
    files: core.replace('(?!', '(?!open-monitor\\.ts$|'),
    may: [
      core,
      '^source/kafka/(client|admin|open-client|partitioner)\\.ts$',
      kernel,
      storePorts,
      storeMetrics,
      metricsPorts,
    ],
  },
  { files: '^source/index\\.ts$', may: ['^source/(?!cli/|testing/|embedded/)', storePorts, metricsPorts] },
  ...['middleware', 'tables', 'events', 'codecs', 'assignment', 'logging'].map((folder) => ({
    files: `^source/${folder}/`,
    may: [`^source/${folder}/`, core, kernel, '^stores/store\\.ts$', '^metrics/metrics\\.ts$'],
    packages: folder === 'logging' ? ['winston'] : [],
  })),
  {
    files: '^source/embedded/',
    may: ['^source/embedded/', core, records, wire, kernel],
    packages: ['@node-rs/crc32'],
  },
  {
    files: '^source/testing/',
    may: [
      '^source/testing/',
      '^source/embedded/',
      core,
      records,
      kernel,
      kafkaPort,
      storePorts,
      metricsPorts,
      codecPort,
      assignorPort,
    ],
  },
  {
    files: '^source/cli/',
    may: ['^source/cli/', entryPoints, kernel],
    packages: ['commander', 'cli-progress', 'ioredis', '@elastic/elasticsearch'],
  },
  { files: '^stores/', may: ['^stores/', kernel, '^metrics/(metrics|definitions)\\.ts$', codecPort] },
  { files: '^metrics/dashboard/', may: ['^metrics/dashboard/', entryPoints, kernel], packages: ['uplot'] },
  { files: '^metrics/prometheus[^/]*\\.ts$', may: ['^metrics/', kernel], packages: ['prom-client'] },
  { files: '^metrics/(?!dashboard/|prometheus)', may: ['^metrics/', kernel] },
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
