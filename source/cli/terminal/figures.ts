const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1,234,567 */
export function count(number: number): string {
  return whole.format(number);
}

/** A figure, or a dash where it is not known. */
export function figure(number: number | undefined): string {
  return number === undefined ? '-' : count(number);
}

/** `1 record`, `2,000 records` */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${number === 1 ? noun : plural(noun)}`;
}

/** `0.42 s`, `75 s`, `2 h 5 min` */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 600) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `5 s`, `75 s`, `2 h 5 min`: in whole seconds, of which the last is shown until it is over. */
export function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 600 ? `${seconds} s` : duration(ms);
}

/** How many per second; nothing took no time. */
export function perSecond(number: number, ms: number): string {
  return `${count(ms > 0 ? (number * 1000) / ms : 0)}/s`;
}

function plural(noun: string): string {
  return noun.endsWith('ch') ? `${noun}es` : `${noun}s`;
}
