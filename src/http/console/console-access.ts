import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../../config/config.ts';
import type { Logger } from '../../logger.ts';
import type { Secret } from '../../setting/secret.ts';
import { bearerOf, createLoginThrottle, findToken, type LoginThrottle } from '../server/bearer-auth.ts';
import { HttpProblem } from '../server/problem.ts';
import { isForeign, isOwnHost, type OriginHeaders, type OwnNames } from '../server/request-origin.ts';

const NAME = 'sms-dispatch-console';

/** Returns the session from a request's cookies. */
export function readSession(cookies: string | undefined): string | undefined {
  const own = (cookies ?? '').split(';').map((part) => part.trim());
  return own.find((part) => part.startsWith(`${NAME}=`))?.slice(NAME.length + 1);
}

/** Returns the `Set-Cookie` value that keeps the session out of reach of scripts and other sites; an empty session deletes it. */
export function writeSession(session: string, isSecure: boolean): string {
  const maxAge = session === '' ? 0 : SESSION_MS / 1000;
  return `${NAME}=${session}; Path=/console; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

/** Lifetime of a session. */
export const SESSION_MS = 12 * 3_600_000;

/** Stateless sessions: a cookie proves itself to every replica with the same tokens, until its token is removed. */
interface Sessions {
  /** Creates a session for the holder of `token`, which must be one of the configured ones. */
  issue(token: Secret, now: Date): string;
  holds(session: string, now: Date): boolean;
}

/** A session consists of its end time in ms and an HMAC of it, with a key derived from the token that opened it. */
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

/** Access control of the console: without tokens every local request passes, otherwise a token of `http.tokens` or a session is needed. */
export interface ConsoleAccess {
  readonly needsToken: boolean;
  /** Checks every request below `/console` that a route answers. @throws {HttpProblem} when access is denied */
  enter(request: FastifyRequest, path: string): Promise<void>;
  /** True when the request has access. A request with a bearer token is not checked here, so that tokens cannot be guessed. */
  isOpen(request: FastifyRequest): boolean;
  /** @throws {HttpProblem} `unauthorized` when `token` is not one, `too-many-tries` */
  begin(token: string, request: FastifyRequest, reply: FastifyReply): Promise<void>;
  end(request: FastifyRequest, reply: FastifyReply): void;
}

export interface ConsoleAccessDeps {
  readonly http: Pick<HttpConfig, 'tokens' | 'host' | 'publicUrl' | 'allowedHosts'>;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly throttle?: LoginThrottle;
}

/** Paths of the page itself, which contains no data and asks for the token. */
const PAGE: readonly string[] = ['/console', '/console/', '/console/app.js', '/console/app.css'];
const LOGIN: readonly string[] = ['/console/session', '/console/api/session'];

const DETAILS = {
  misdirected:
    'Without http.tokens the console accepts local requests only: use 127.0.0.1 or localhost, or add this host to http.allowedHosts.',
  'foreign-request': 'Only the page of this console may send requests.',
  'unsupported-media-type': 'Send the request with Content-Type: application/json.',
} as const;

export function createConsoleAccess({ http, logger, now, throttle = createLoginThrottle() }: ConsoleAccessDeps): ConsoleAccess {
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
    logger.warn('console login with a wrong token');
    await throttle.wrong(address);
    throw unauthorized('The token is not one of http.tokens.');
  };

  return {
    needsToken,
    async enter(request, path) {
      const isPage = PAGE.includes(path);
      const { host, origin, 'content-type': contentType, 'sec-fetch-site': fetchSite } = request.headers;
      const requestOrigin = {
        isWrite: !['GET', 'HEAD'].includes(request.method),
        host,
        // A link to the page may come from any site.
        origin: isPage ? undefined : origin,
        fetchSite: isPage ? undefined : [fetchSite].flat()[0],
        contentType,
      };
      const rejection = judgeRequest(requestOrigin, { ...http, needsToken });
      if (rejection !== undefined) throw new HttpProblem(rejection, { detail: DETAILS[rejection] });
      if (!needsToken || isPage || LOGIN.includes(path) || holdsSession(request)) return;
      const token = bearerOf(request.headers.authorization);
      if (token === undefined) throw unauthorized('Log in at /console, or send Authorization: Bearer <token>.');
      await prove(token, request.ip);
    },
    isOpen: (request) => {
      const token = bearerOf(request.headers.authorization);
      // Tokens are compared only behind the throttle, so that this call cannot be used for guessing.
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

/** What is checked before a token or session; headers unchanged. */
export interface RequestOrigin extends OriginHeaders {
  readonly contentType: string | undefined;
}

interface AccessRules extends OwnNames {
  /** True when a token or a session is required. */
  readonly needsToken: boolean;
}

type RequestRejection = 'misdirected' | 'foreign-request' | 'unsupported-media-type';

/**
 * Returns why a request is rejected before its token or session is checked. Without tokens every local request passes, so the
 * requested host must be one of ours. A write must come from the console's own page.
 */
export function judgeRequest(request: RequestOrigin, rules: AccessRules): RequestRejection | undefined {
  if (!rules.needsToken && !isOwnHost(request.host, rules)) return 'misdirected';
  if (isForeign(request)) return 'foreign-request';
  if (request.isWrite && !/^application\/json\s*(?:;|$)/i.test(request.contentType ?? '')) return 'unsupported-media-type';
  return undefined;
}
