const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const shortLarge = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 });

/** Shown where there is no value. */
export const none = '–';

/** `12,345`; a fraction below 10 keeps one digit, so that a slow rate is not shown as 0. */
export function count(value: number | null): string {
  if (value === null) return none;
  if (value > 0 && value < 0.05) return '< 0.1';
  const rounded = Math.round(value * 10) / 10;
  return rounded < 10 && !Number.isInteger(rounded) ? rounded.toFixed(1) : whole.format(value);
}

/** As {@link count}, and from ten million on `12.35M`: for places of fixed width. */
export function largeCount(value: number | null): string {
  return value !== null && value >= 1e7 ? shortLarge.format(value) : count(value);
}

/** `12.3K`, for axes. */
export function shortCount(value: number): string {
  return value < 1 ? String(Math.round(value * 1000) / 1000) : short.format(value);
}

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `12.4 MiB` */
export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(binaryUnits.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  const digits = power === 0 || scaled >= 100 ? 0 : 1;
  return `${scaled.toFixed(digits)} ${binaryUnits[power] ?? 'B'}`;
}

/** How long a step took: `0.4 ms`, `38 ms`, `1.25 s`, `2 min 5 s`. */
export function stepTime(ms: number | null): string {
  if (ms === null) return none;
  if (ms < 0.05) return '0 ms';
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  return ms < 59_995 ? `${(ms / 1000).toFixed(2)} s` : duration(ms);
}

const timeUnits = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** In two units: `12 s`, `4 min 12 s`, `2 d 3 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const first = timeUnits.findIndex(([, size]) => seconds >= size);
  const [unit, size] = timeUnits[first] ?? ['s', 1];
  const [nextUnit, nextSize] = timeUnits[first + 1] ?? ['s', 1];
  const rest = first === -1 ? 0 : Math.floor((seconds % size) / nextSize);
  const head = `${whole.format(Math.floor(seconds / size))} ${unit}`;
  return rest === 0 || unit === 's' ? head : `${head} ${rest} ${nextUnit}`;
}

/** How long ago, in one unit: `now`, `95 s ago`, `12 min ago`, `30 h ago`. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return 'now';
  if (seconds < 100) return `${seconds} s ago`;
  if (seconds < 6000) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 360_000 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
}

/** `14:03:05`, in the reader's time zone. */
export function clockTime(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** `14:03:05`, with the date before it if that is not today. */
export function dayTime(at: number, now: number): string {
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return clockTime(at);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${clockTime(at)}`;
}

/** `1 partition`, `2 partitions` */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
