import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../setting/secret.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { HttpProblem } from './problem.ts';

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
