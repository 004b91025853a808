import { metricDefinitions, type MetricDefinition } from '../../metrics/definitions.ts';
import { exitCodeFor, exitCodes } from '../../source/cli/terminal/exit-codes.ts';
import { flagOf, settings, variableOf } from '../../source/cli/settings/settings.ts';
import type { OptionRow } from '../../source/config/option-row.ts';
import { optionRows } from '../../source/config/option-table.ts';
import { apiNames } from '../../source/embedded/request-summary.ts';
import { readClientRequests } from '../../spec/_helpers/clients/client-requests.ts';
import { errorTable, type ErrorCode, type ErrorRow } from '../../source/kernel/error-table.ts';
import { serviceNames, services } from '../services/catalogue.ts';
import { excerpt } from './excerpt.ts';
import { linksFrom, markdownTable, type TableGenerators } from './markdown-tables.ts';

/** The generated tables and excerpts of the documentation, by the name in their markers. */
export const tableGenerators: TableGenerators = {
  config: () =>
    markdownTable(
      ['Option', 'Unit', 'Default', 'Minimum', 'Maximum', 'What it decides', 'Reason'],
      optionRows.map((row: OptionRow) => [
        `\`${row.name}\``,
        row.kind === 'choice'
          ? (row.choices ?? []).map((choice) => `\`'${choice}'\``).join(' ')
          : (row.unit ?? ''),
        row.default === undefined
          ? ''
          : `\`${typeof row.default === 'string' ? `'${row.default}'` : row.default}\``,
        String(row.minimum ?? ''),
        String(row.maximum ?? ''),
        row.what,
        row.reason,
      ]),
    ),
  errors: (page) =>
    markdownTable(
      ['Code', 'Class', 'When', 'What to do', 'Exit code of `kasper`'],
      Object.entries(errorTable).map(([code, { className, when, remedy }]: [string, ErrorRow]) => [
        `\`${code}\``,
        className,
        linksFrom(page, when),
        linksFrom(page, remedy),
        String(exitCodeFor(code as ErrorCode)),
      ]),
    ),
  settings: () =>
    markdownTable(
      ['In a file', 'Environment', 'Flag', 'Default', 'What it decides'],
      settings
        .filter(({ name }) => !optionRows.some((row) => row.name === name))
        .map(({ name, kind, short, default: fallback, what, choices = [] }) => [
          `\`${name}\``,
          `\`${variableOf(name)}\``,
          kind === 'secret' ? 'none' : `${short === undefined ? '' : `\`-${short}\`, `}\`${flagOf(name)}\``,
          fallback === undefined ? '' : `\`${String(fallback)}\``,
          choices.length === 0 ? what : `${what} (${choices.map((choice) => `\`${choice}\``).join(', ')})`,
        ]),
    ),
  'client-requests': () => {
    const requests = readClientRequests();
    const clients = Object.keys(requests);
    return markdownTable(
      ['API', ...clients],
      apiNames
        .filter((api) => clients.some((client) => requests[client]?.[api] !== undefined))
        .map((api) => [api, ...clients.map((client) => requests[client]?.[api] ?? '')]),
    );
  },
  'exit-codes': () =>
    markdownTable(
      ['Exit code', 'Meaning'],
      Object.values(exitCodes).map(({ code, means }) => [String(code), means]),
    ),
  metrics: () =>
    markdownTable(
      ['Metric', 'Kind', 'Labels', 'What it shows', 'Of several processes'],
      Object.values<MetricDefinition>(metricDefinitions).map(
        ({ name, kind, labelNames = [], help, aggregation = 'sum' }) => [
          `\`kasper_${name}\``,
          kind,
          labelNames.join(', '),
          help,
          { sum: 'sum', max: 'largest', min: 'smallest', first: 'first' }[aggregation],
        ],
      ),
    ),
  services: () =>
    markdownTable(
      ['Service', 'Address', 'Start it'],
      serviceNames.map((name) => [
        services[name].title,
        services[name].ports.map((port) => `\`localhost:${port}\``).join(', '),
        `\`npm run services -- start ${name}\``,
      ]),
    ),
  counts: () => excerpt('scripts/examples/08-counts-in-redis.ts', 'counts'),
  'exact-sums': () => excerpt('scripts/examples/06-exact-sums.ts', 'fold'),
  'kafkajs-before': () => excerpt('scripts/examples/07-from-kafkajs.ts', 'before'),
  'kafkajs-after': () => excerpt('scripts/examples/07-from-kafkajs.ts', 'after'),
  'kafkajs-offsets': () => excerpt('scripts/examples/07-from-kafkajs.ts', 'offsets'),
};
