import { createHash } from 'node:crypto';
import type { Config } from './config.ts';

/**
 * 12 hex digits that are the same on every replica whose config means the same: comments and order of keys within a
 * setting aside, and without what may differ from process to process, such as ports. Secrets do not go into it.
 */
export function fingerprint({ providers, routes, caps, contacts, groups, templates, defaultCountry, redis }: Config): string {
  const shared = { providers, routes, caps, contacts, groups, templates, defaultCountry, prefix: redis.prefix };
  return createHash('sha256').update(JSON.stringify(shared, plain)).digest('hex').slice(0, 12);
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  return value instanceof RegExp ? String(value) : value;
}
