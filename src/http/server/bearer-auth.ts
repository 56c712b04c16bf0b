import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Secret } from '../../setting/secret.ts';
import { HttpProblem } from './problem.ts';

/** Number of wrong tokens per address that are answered without delay. */
const FREE = 10;
/** Interval after which one more is allowed. */
const REFILL_MS = 1000;
/** Delay of each further answer. */
const WAIT_MS = 1000;
/** Maximum number of delayed answers, over all addresses; beyond that, requests are rejected immediately. */
const MOST_WAITING = 100;
/** Maximum number of addresses in memory; the least recently used one is dropped. */
const MOST_ADDRESSES = 10_000;

/**
 * Slows down token guessing, per address and in this process. It is called only after a wrong token: a correct one always passes,
 * even from an address that is used for guessing.
 */
export interface LoginThrottle {
  /** Resolves while the address has wrong tokens left. @throws {HttpProblem} `too-many-tries`, delayed, when it has none */
  wrong(address: string): Promise<void>;
}

interface ThrottleOptions {
  /** Monotonic time in ms. */
  readonly monotonic?: () => number;
  readonly waitMs?: number;
}

export function createLoginThrottle({ monotonic = () => performance.now(), waitMs = WAIT_MS }: ThrottleOptions = {}): LoginThrottle {
  /** Network → time at which its full allowance is restored; ordered by last use. */
  const fullAt = new Map<string, number>();
  let waiting = 0;

  /** Returns ms until the next wrong token is allowed; 0 when one was left, which is now used up. */
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
        detail: `Too many wrong tokens from this address. Retry in ${seconds} s; a correct token always passes.`,
        headers: { 'retry-after': String(seconds) },
      });
    },
  };
}

/** Returns the IPv4 address, or the /64 of an IPv6 address, which usually belongs to one customer. */
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
 * Checks an `Authorization` header against the configured tokens; without tokens every request passes.
 * All tokens are compared, by digest, so that neither the time nor the length reveals anything about them.
 * @throws {HttpProblem} `unauthorized` or `too-many-tries`, from the returned function
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

/** Returns the bearer token of an `Authorization` header. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}

/** Returns the configured token that equals `given`. */
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
