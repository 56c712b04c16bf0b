import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../../config/config.ts';
import type { Logger } from '../../logger.ts';
import type { Secret } from '../../setting/secret.ts';
import { bearerOf, createLoginThrottle, findToken, type LoginThrottle } from '../server/bearer-auth.ts';
import { HttpProblem } from '../server/problem.ts';
import { isForeign, isOwnHost, type OriginHeaders, type OwnNames } from '../server/request-origin.ts';

const NAME = 'sms-dispatch-console';

/** The session among a request's cookies. */
export function readSession(cookies: string | undefined): string | undefined {
  const own = (cookies ?? '').split(';').map((part) => part.trim());
  return own.find((part) => part.startsWith(`${NAME}=`))?.slice(NAME.length + 1);
}

/** What makes the browser keep the session, out of reach of scripts and of other sites; an empty one makes it forget. */
export function writeSession(session: string, isSecure: boolean): string {
  const maxAge = session === '' ? 0 : SESSION_MS / 1000;
  return `${NAME}=${session}; Path=/console; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

/** How long a browser that gave a token may come in without giving it again. */
export const SESSION_MS = 12 * 3_600_000;

/** Nothing is kept anywhere: what a browser holds proves itself, to every replica with the same tokens, until its token is removed. */
interface Sessions {
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

/** Who may come into the console: everybody on this machine, or whoever shows a token of `http.tokens`. */
export interface ConsoleDoor {
  readonly needsToken: boolean;
  /** Of every request below `/console` that a route answers. @throws {HttpProblem} when it may not come in */
  enter(request: FastifyRequest, path: string): Promise<void>;
  /** Whether it would be let in by what it shows; a wrong token is as good as none. */
  isOpen(request: FastifyRequest): boolean;
  /** @throws {HttpProblem} `unauthorized` when `token` is not one, `too-many-tries` */
  begin(token: string, request: FastifyRequest, reply: FastifyReply): Promise<void>;
  end(request: FastifyRequest, reply: FastifyReply): void;
}

export interface DoorDeps {
  readonly http: Pick<HttpConfig, 'tokens' | 'host' | 'publicUrl' | 'allowedHosts'>;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly throttle?: LoginThrottle;
}

/** The page itself holds nothing that is anybody's, and asks for the token. */
const PAGE: readonly string[] = ['/console', '/console/', '/console/app.js', '/console/app.css'];
const LOGIN: readonly string[] = ['/console/session', '/console/api/session'];

const WORDS = {
  misdirected:
    'Without http.tokens the console answers to this machine alone: ask for 127.0.0.1 or localhost, or name this host in http.allowedHosts.',
  'foreign-request': 'Only the page of this very console may ask.',
  'unsupported-media-type': 'Send it with Content-Type: application/json.',
} as const;

export function createConsoleDoor({ http, logger, now, throttle = createLoginThrottle() }: DoorDeps): ConsoleDoor {
  const { tokens, publicUrl } = http;
  const sessions = createSessions(tokens);
  const needsToken = tokens.length > 0;

  const holdsSession = ({ headers }: FastifyRequest) => {
    const session = readSession(headers.cookie);
    return session !== undefined && sessions.holds(session, now());
  };

  const prove = async (token: string, address: string): Promise<Secret> => {
    const found = findToken(tokens, token);
    if (found !== undefined) return found;
    logger.warn('console: a wrong token was given');
    await throttle.wrong(address);
    throw unauthorized('The token is not one of http.tokens.');
  };

  return {
    needsToken,
    async enter(request, path) {
      const isPage = PAGE.includes(path);
      const { host, origin, 'content-type': contentType, 'sec-fetch-site': fetchSite } = request.headers;
      const visit = {
        isWrite: !['GET', 'HEAD'].includes(request.method),
        host,
        // A link to the page may stand anywhere.
        origin: isPage ? undefined : origin,
        fetchSite: isPage ? undefined : [fetchSite].flat()[0],
        contentType,
      };
      const refusal = judgeRequest(visit, { ...http, needsToken });
      if (refusal !== undefined) throw new HttpProblem(refusal, { detail: WORDS[refusal] });
      if (!needsToken || isPage || LOGIN.includes(path) || holdsSession(request)) return;
      const token = bearerOf(request.headers.authorization);
      if (token === undefined) throw unauthorized('Log in at /console, or send Authorization: Bearer <token>.');
      await prove(token, request.ip);
    },
    isOpen: (request) => {
      const token = bearerOf(request.headers.authorization);
      // No oracle for guesses: a token is weighed where the throttle is.
      return !needsToken || (token === undefined && holdsSession(request));
    },
    async begin(token, request, reply) {
      if (needsToken)
        reply.header('set-cookie', writeSession(sessions.issue(await prove(token, request.ip), now()), isSecure(request, publicUrl)));
    },
    end: (request, reply) => void reply.header('set-cookie', writeSession('', isSecure(request, publicUrl))),
  };
}

function isSecure({ headers, protocol }: FastifyRequest, publicUrl: string | undefined): boolean {
  return protocol === 'https' || headers['x-forwarded-proto'] === 'https' || publicUrl?.startsWith('https:') === true;
}

function unauthorized(detail: string): HttpProblem {
  return new HttpProblem('unauthorized', { detail, headers: { 'www-authenticate': 'Bearer realm="sms-dispatch"' } });
}

/** What is checked before a token or session is. Headers as they came. */
export interface Visit extends OriginHeaders {
  readonly contentType: string | undefined;
}

interface House extends OwnNames {
  /** Whoever comes in shows a token or a session. */
  readonly needsToken: boolean;
}

type Refusal = 'misdirected' | 'foreign-request' | 'unsupported-media-type';

/**
 * Why a request is not let near the door. Without tokens everybody on this machine may come in: the name that was asked for
 * must be one of ours. What writes must come from our own page.
 */
export function judgeRequest(visit: Visit, house: House): Refusal | undefined {
  if (!house.needsToken && !isOwnHost(visit.host, house)) return 'misdirected';
  if (isForeign(visit)) return 'foreign-request';
  if (visit.isWrite && !/^application\/json\s*(?:;|$)/i.test(visit.contentType ?? '')) return 'unsupported-media-type';
  return undefined;
}
