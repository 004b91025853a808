import { Option, type Command } from 'commander';

/** `--json` */
export function addJsonFlag(command: Command): void {
  command.addOption(new Option('--json', 'print one JSON document'));
}

/** One document, with null for what is not there, so that every field is present. */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, (_name, each: unknown) => (each === undefined ? null : each), 2)}\n`;
}
