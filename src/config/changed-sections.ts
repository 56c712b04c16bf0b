import { Secret } from '../setting/secret.ts';
import type { Config } from './config.ts';
import { ConfigError, type Fault } from './fault.ts';

/** What a process is built upon: its connections, the names of all its keys, its sockets. */
const FIXED: Readonly<Record<string, (config: Config) => string | number | undefined>> = {
  'redis.url': ({ redis }) => redis.url?.reveal(),
  'redis.prefix': ({ redis }) => redis.prefix,
  'http.port': ({ http }) => http.port,
  'http.host': ({ http }) => http.host,
  'metrics.port': ({ metricsPort }) => metricsPort,
};

/** @throws {ConfigError} naming every setting that differs and that no running process can change */
export function refuseFixed(inForce: Config, next: Config, file: string): void {
  const faults = Object.entries(FIXED)
    .filter(([, read]) => read(inForce) !== read(next))
    .map(([path]): Fault => ({ path, file, message: 'cannot change while the process runs', hint: 'restart' }));
  if (faults.length > 0) throw new ConfigError(faults);
}

/** Names of the parts in which two configs mean something else, as `Config` has them. */
export function changedSections(before: Config, after: Config): string[] {
  const sections = Object.keys({ ...before, ...after }) as (keyof Config)[];
  return sections.filter((section) => written(before[section]) !== written(after[section]));
}

/** All that is in a value, secrets as well, so that one that was changed is seen: never to be shown. */
function written(value: unknown): string {
  return JSON.stringify({ value }, function (this: Record<string, unknown>, key, plain) {
    // `plain` is what a secret's own `toJSON` has made of it.
    const part = this[key];
    if (part instanceof Secret) return { secret: part.reveal() };
    if (part instanceof Map) return { map: [...part] };
    return part instanceof RegExp ? { pattern: String(part) } : plain;
  });
}
