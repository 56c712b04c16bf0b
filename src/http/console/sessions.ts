import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../setting/secret.ts';

/** How long a browser that gave a token may come in without giving it again. */
export const SESSION_MS = 12 * 3_600_000;

/** Nothing is kept anywhere: what a browser holds proves itself, to every replica with the same tokens, until its token is removed. */
export interface Sessions {
  /** For the holder of `token`, which must be one of the configured ones. */
  issue(token: Secret, now: Date): string;
  holds(session: string, now: Date): boolean;
}

/** A session is when it ends, in ms, and a proof of that by a key made of the token that opened it. */
export function createSessions(tokens: readonly Secret[]): Sessions {
  return {
    issue: (token, now) => {
      const endsAt = String(now.getTime() + SESSION_MS);
      return `${endsAt}.${prove(token, endsAt).toString('base64url')}`;
    },
    holds: (session, now) => {
      const [, endsAt, proof] = /^(\d{13})\.([\w-]{43})$/.exec(session) ?? [];
      if (endsAt === undefined || proof === undefined) return false;
      const given = Buffer.from(proof, 'base64url');
      const proven = tokens.filter((token) => timingSafeEqual(prove(token, endsAt), given));
      return proven.length > 0 && Number(endsAt) > now.getTime();
    },
  };
}

function prove(token: Secret, endsAt: string): Buffer {
  const key = createHmac('sha256', token.reveal()).update('sms-dispatch console session').digest();
  return createHmac('sha256', key).update(endsAt).digest();
}
