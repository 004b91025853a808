import { flagOf, settingGroups, settings, variableOf, type Setting, type SettingGroup } from './settings.ts';

/** The forms of a configuration file. */
export const sampleFormats = ['json', 'js'] as const;
/** A form of a configuration file. */
export type SampleFormat = (typeof sampleFormats)[number];

const WIDTH = 96;

const preface =
  'Settings of kasper, which reads kasper.config.js or kasper.config.json in the folder where it is started, or the file that --config or KASPER_CONFIG names. ' +
  'Each setting is also an environment variable and, except for passwords, a flag. Each of these overrides those before it: the default, the job, this file, the environment, the flags. ' +
  'What is commented out shows the default, or an example: as it is, this file changes nothing.';

/** A configuration file with every setting, commented out. */
export function configSample(format: SampleFormat): string {
  const body = (Object.keys(settingGroups) as SettingGroup[]).flatMap((group) => [
    '',
    `  // ${settingGroups[group]}`,
    ...settings
      .filter((setting) => setting.group === group)
      .flatMap((setting) => ['', ...entry(setting, format)]),
  ]);
  const lines = [...comment(preface), ...body];
  return format === 'json' ? `{\n${lines.join('\n')}\n}\n` : `export default {\n${lines.join('\n')}\n};\n`;
}

function entry(setting: Setting, format: SampleFormat): string[] {
  const { name, what, kind } = setting;
  const value = setting.default ?? setting.example;
  const places = [variableOf(name), ...(kind === 'secret' ? [] : [flagOf(name)])].join(', ');
  const shown =
    format === 'json' ? `"${name}": ${json(value)},` : `${name}: ${json(value).replaceAll('"', "'")},`;
  return [...comment(`${capitalized(what)}. ${range(setting)}`.trim()), ...comment(places), `  // ${shown}`];
}

/** `["a", "b"]`, on one line */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll(',', ', ');
}

/** `Unit: ms; 1 to 100; default 5.` */
function range({ kind, unit, minimum, maximum, choices, default: fallback }: Setting): string {
  const parts: string[] = [];
  if (choices !== undefined) parts.push(`One of ${choices.join(', ')}`);
  if (kind === 'boolean') parts.push('True or false');
  if (unit !== undefined) parts.push(`Unit: ${unit}`);
  if (minimum !== undefined)
    parts.push(maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`);
  if (fallback !== undefined) parts.push(`default ${String(fallback)}`);
  return parts.length === 0 ? '' : capitalized(`${parts.join('; ')}.`);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function comment(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `  // ${each}`);
}
