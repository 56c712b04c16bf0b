import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Secret } from '../../setting/secret.ts';
import { HttpProblem } from './problem.ts';

/** Wrong tokens of one address that are answered without delay. */
const FREE = 10;
/** After so long one more is. */
const REFILL_MS = 1000;
/** How long a further one waits for its answer. */
const WAIT_MS = 1000;
/** Most answers that wait, of all addresses together; further ones are refused without waiting. */
const MOST_WAITING = 100;
/** Most addresses that are known; the one that was wrong longest ago makes room. */
const MOST_ADDRESSES = 10_000;

/**
 * Slows down who guesses tokens, per address and in this process. It is asked only after a token was wrong: the right one always passes,
 * even from an address that others guess from.
 */
export interface LoginThrottle {
  /** Resolves where the address has a wrong token free. @throws {HttpProblem} `too-many-tries`, late, where it has none */
  wrong(address: string): Promise<void>;
}

interface ThrottleOptions {
  /** Milliseconds that never run backwards. */
  readonly monotonic?: () => number;
  readonly waitMs?: number;
}

export function createLoginThrottle({ monotonic = () => performance.now(), waitMs = WAIT_MS }: ThrottleOptions = {}): LoginThrottle {
  /** Network → the moment at which all of its wrong tokens are free again; the order is that of the last use. */
  const fullAt = new Map<string, number>();
  let waiting = 0;

  /** Milliseconds until one is free; 0 where one was and is used now. */
  const use = (network: string): number => {
    const now = monotonic();
    const full = Math.max(fullAt.get(network) ?? now, now) + REFILL_MS;
    const wait = full - now - FREE * REFILL_MS;
    if (wait > 0) return wait;
    fullAt.delete(network);
    for (const oldest of fullAt.keys()) {
      if (fullAt.size < MOST_ADDRESSES) break;
      fullAt.delete(oldest);
    }
    fullAt.set(network, full);
    return 0;
  };

  return {
    async wrong(address) {
      const wait = use(networkOf(address));
      if (wait === 0) return;
      if (waiting < MOST_WAITING) {
        waiting += 1;
        await pause(waitMs);
        waiting -= 1;
      }
      const seconds = Math.ceil(wait / 1000);
      throw new HttpProblem('too-many-tries', {
        detail: `Too many wrong tokens came from this address. The next is read in ${seconds} s; the right one always passes.`,
        headers: { 'retry-after': String(seconds) },
      });
    },
  };
}

/** An IPv4 address, or the /64 of an IPv6 address: one customer of a provider has all addresses in it. */
export function networkOf(address: string): string {
  const plain = address.toLowerCase().replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/.exec(plain)?.[1];
  if (mapped !== undefined || !plain.includes(':')) return mapped ?? plain;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/**
 * Checks an `Authorization` header against the configured tokens; without any, everybody may come in.
 * All tokens are compared, by digest, so that neither the time nor the length tells anything about them.
 * @throws {HttpProblem} `unauthorized` or `too-many-tries`, from the function that it returns
 */
export function createBearerAuth(
  tokens: readonly Secret[],
  throttle: LoginThrottle,
): (header: string | undefined, address: string) => Promise<void> {
  return async (header, address) => {
    if (tokens.length === 0) return;
    const given = bearerOf(header);
    if (given === undefined) throw refusal('Send Authorization: Bearer <token>.', '');
    if (findToken(tokens, given) !== undefined) return;
    await throttle.wrong(address);
    throw refusal('The token is not one of http.tokens.', ', error="invalid_token"');
  };
}

/** What an `Authorization` header bears. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}

/** The configured token that `given` is. */
export function findToken(tokens: readonly Secret[], given: string): Secret | undefined {
  const candidate = digest(given);
  return tokens.filter((token) => timingSafeEqual(digest(token.reveal()), candidate))[0];
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function refusal(detail: string, error: string): HttpProblem {
  return new HttpProblem('unauthorized', { detail, headers: { 'www-authenticate': `Bearer realm="sms-dispatch"${error}` } });
}
