import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../../config/config.ts';
import type { Logger } from '../../logger.ts';
import type { Secret } from '../../setting/secret.ts';
import { bearerOf, findToken } from '../server/bearer-auth.ts';
import { createLoginThrottle, type LoginThrottle } from '../server/login-throttle.ts';
import { HttpProblem } from '../server/problem.ts';
import { readSession, writeSession } from './cookie.ts';
import { judgeRequest } from './judge-request.ts';
import { createSessions } from './sessions.ts';

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
