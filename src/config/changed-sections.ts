import { Secret } from '../setting/secret.ts';
import type { Config } from './config.ts';

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
