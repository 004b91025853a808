import { serviceNames, services } from '../services/catalogue.ts';
import { markdownTable, type TableGenerator } from './markdown-tables.ts';

/** The generated tables of README.md, by the name in their marks. */
export const tableGenerators: Readonly<Record<string, TableGenerator>> = {
  services: () =>
    markdownTable(
      ['Service', 'Address', 'Start it'],
      serviceNames.map((name) => [
        services[name].title,
        services[name].ports.map((port) => `\`localhost:${port}\``).join(', '),
        `\`npm run services -- start ${name}\``,
      ]),
    ),
};
