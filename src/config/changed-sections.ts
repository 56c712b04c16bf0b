import { Secret } from '../setting/secret.ts';
import type { Config } from './config.ts';
import { ConfigError, type Fault } from './fault.ts';

/** Settings that a process cannot change while it runs: its connections, the names of its Redis keys, its sockets. */
const FIXED: Readonly<Record<string, (config: Config) => string | number | undefined>> = {
  'redis.url': ({ redis }) => redis.url?.reveal(),
  'redis.prefix': ({ redis }) => redis.prefix,
  'http.port': ({ http }) => http.port,
  'http.host': ({ http }) => http.host,
  'metrics.port': ({ metricsPort }) => metricsPort,
};

/** @throws {ConfigError} naming every changed setting that a running process cannot apply */
export function refuseFixed(activeConfig: Config, next: Config, file: string): void {
  const faults = Object.entries(FIXED)
    .filter(([, read]) => read(activeConfig) !== read(next))
    .map(([path]): Fault => ({ path, file, message: 'cannot change while the process runs', hint: 'restart' }));
  if (faults.length > 0) throw new ConfigError(faults);
}

/** Returns the names of the sections of `Config` in which two configs differ in meaning. */
export function changedSections(before: Config, after: Config): string[] {
  const sections = Object.keys({ ...before, ...after }) as (keyof Config)[];
  return sections.filter((section) => !isSame(before[section], after[section]));
}

/** Compares secrets and the order of entries and keys too. Does not serialize: a config may hold thousands of contacts. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Secret || b instanceof Secret) return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal();
  if (a instanceof RegExp || b instanceof RegExp) return a instanceof RegExp && b instanceof RegExp && String(a) === String(b);
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && isSameList(a, b);
  if (a instanceof Map || b instanceof Map)
    return a instanceof Map && b instanceof Map && isSameList([...a.keys()], [...b.keys()]) && isSameList([...a.values()], [...b.values()]);
  const [keys, others] = [definedKeys(a), definedKeys(b)];
  return isSameList(keys, others) && keys.every((key) => isSame(a[key], b[key]));
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A setting that is `undefined` is left out. */
function definedKeys(value: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}
