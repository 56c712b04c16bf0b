import { createHash } from 'node:crypto';
import type { Config } from './config.ts';

/**
 * 12 hex digits that are the same on every replica whose config means the same: comments and order of keys within a
 * setting aside, and without what may differ from process to process, such as ports. Secrets do not go into it.
 */
export function fingerprint(config: Config): string {
  const { worker: _1, shutdown: _2, logLevel: _3, metricsPort: _4, http, redis, ...shared } = config;
  const { publicUrl, webhookTo } = http;
  const meaning = { ...shared, publicUrl, webhookTo, prefix: redis.prefix };
  return createHash('sha256').update(JSON.stringify(meaning, plain)).digest('hex').slice(0, 12);
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  return value instanceof RegExp ? String(value) : value;
}
