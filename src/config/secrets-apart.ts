import { Secret } from '../setting/secret.ts';

/** A value that can be sent to another thread, where a class would lose its methods and private fields. */
export interface SecretsApart<T> {
  /** The value without its secrets. */
  readonly value: T;
  readonly secrets: readonly { readonly path: readonly unknown[]; readonly text: string }[];
}

/** @throws {Error} for an instance of any other class, which would arrive as a plain object */
export function takeSecretsApart<T>(whole: T): SecretsApart<T> {
  const secrets: { path: readonly unknown[]; text: string }[] = [];
  const copy = (part: unknown, path: readonly unknown[]): unknown => {
    if (part instanceof Secret) {
      secrets.push({ path, text: part.reveal() });
      return null;
    }
    if (typeof part === 'function') throw new Error(`a function cannot be sent to another thread: ${path.join('.')}`);
    if (part === null || typeof part !== 'object' || part instanceof RegExp) return part;
    if (Array.isArray(part)) return part.map((item, index) => copy(item, [...path, index]));
    if (part instanceof Map) return new Map([...part].map(([key, item]) => [key, copy(item, [...path, key])]));
    const prototype: unknown = Object.getPrototypeOf(part);
    if (prototype !== Object.prototype && prototype !== null)
      throw new Error(`a ${part.constructor.name} cannot be sent to another thread: ${path.join('.')}`);
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, copy(item, [...path, key])]));
  };
  return { value: copy(whole, []) as T, secrets };
}

/** Visits only the secrets, so that the cost does not grow with the number of contacts. */
export function putSecretsBack<T>({ value, secrets }: SecretsApart<T>): T {
  for (const { path, text } of secrets) {
    const parent = path.slice(0, -1).reduce(childOf, value as unknown);
    setChild(parent, path.at(-1), new Secret(text));
  }
  return value;
}

function childOf(parent: unknown, key: unknown): unknown {
  return parent instanceof Map ? parent.get(key) : (parent as Record<PropertyKey, unknown>)[key as PropertyKey];
}

/** The file may have a key `__proto__`. */
function setChild(parent: unknown, key: unknown, value: unknown): void {
  if (parent instanceof Map) parent.set(key, value);
  else Object.defineProperty(parent, key as PropertyKey, { value, writable: true, enumerable: true, configurable: true });
}
