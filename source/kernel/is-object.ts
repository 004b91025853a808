/** Whether it has properties that can be looked at. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Whether all of these are methods of it. */
export function hasMethods(value: Record<string, unknown>, methods: readonly string[]): boolean {
  return methods.every((method) => typeof value[method] === 'function');
}
