import { isLoopback } from '../../config/loopback.ts';

/** What is looked at before anybody is asked who they are. Headers as they came. */
export interface Visit {
  readonly isWrite: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly contentType: string | undefined;
}

export interface House {
  /** Whoever comes in shows a token or a session. */
  readonly needsToken: boolean;
  readonly publicUrl: string | undefined;
}

export type Refusal = 'misdirected' | 'foreign-request' | 'unsupported-media-type';

/**
 * Why a request is not let near the door. Without tokens everybody on this machine may come in, and so might a web page whose
 * name leads to this machine (DNS rebinding): the name that was asked for must be this machine's. What writes must come from
 * our own page, as far as the browser says: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function judgeRequest(visit: Visit, { needsToken, publicUrl }: House): Refusal | undefined {
  const { isWrite, host, origin, fetchSite, contentType } = visit;
  if (!needsToken && !isOurs(host, publicUrl)) return 'misdirected';
  if (fetchSite !== undefined) {
    if (isWrite ? fetchSite !== 'same-origin' : !OWN_OR_TYPED.includes(fetchSite)) return 'foreign-request';
  } else if (origin !== undefined && hostOf(origin) !== host) return 'foreign-request';
  if (isWrite && !/^application\/json\s*(?:;|$)/i.test(contentType ?? '')) return 'unsupported-media-type';
  return undefined;
}

const OWN_OR_TYPED: readonly string[] = ['same-origin', 'none'];

function isOurs(host: string | undefined, publicUrl: string | undefined): boolean {
  const name = nameOf(host);
  return name !== undefined && (isLoopback(name) || (publicUrl !== undefined && name === new URL(publicUrl).hostname));
}

/** Without its port, and without the brackets of IPv6. */
function nameOf(host: string | undefined): string | undefined {
  if (host === undefined || !URL.canParse(`http://${host}`)) return undefined;
  const { hostname, username, pathname } = new URL(`http://${host}`);
  return username === '' && pathname === '/' ? hostname.replace(/^\[(.*)\]$/, '$1') : undefined;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
