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
