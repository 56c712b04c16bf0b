import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../config/secret.ts';
import { HttpProblem } from './problem.ts';

/**
 * Checks an `Authorization` header against the configured tokens; without any, everybody may come in.
 * All tokens are compared, by digest, so that neither the time nor the length tells anything about them.
 * @throws {HttpProblem} `unauthorized`, from the function that it returns
 */
export function createBearerAuth(tokens: readonly Secret[]): (header: string | undefined) => void {
  const known = tokens.map((token) => digest(token.reveal()));
  return (header) => {
    if (known.length === 0) return;
    const given = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
    if (given === undefined) throw refusal('Send Authorization: Bearer <token>.', '');
    const candidate = digest(given);
    const matches = known.filter((token) => timingSafeEqual(token, candidate));
    if (matches.length === 0) throw refusal('The token is not one of http.tokens.', ', error="invalid_token"');
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function refusal(detail: string, error: string): HttpProblem {
  return new HttpProblem('unauthorized', { detail, headers: { 'www-authenticate': `Bearer realm="sms-dispatch"${error}` } });
}
