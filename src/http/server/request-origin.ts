import { isLoopback } from '../../setting/loopback.ts';

/** Names under which this receiver may be asked when no token protects it. */
export interface OwnNames {
  /** `http.host`, the address that it listens on. */
  readonly host: string;
  readonly publicUrl: string | undefined;
  /** `http.allowedHosts`: further names, without ports. */
  readonly allowedHosts: readonly string[];
}

/** Headers of a request, as they came. */
export interface OriginHeaders {
  readonly isWrite: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

/**
 * Whether the name that was asked for is one of ours. A web page whose name leads to this machine (DNS rebinding) asks by its
 * own.
 */
export function isOwnHost(host: string | undefined, { host: listens, publicUrl, allowedHosts }: OwnNames): boolean {
  const name = nameOf(host);
  if (name === undefined) return false;
  const names = [listens, ...allowedHosts].map((own) => nameOf(own.includes(':') ? `[${own}]` : own));
  return isLoopback(name) || names.includes(name) || (publicUrl !== undefined && name === nameOf(new URL(publicUrl).host));
}

/**
 * Whether a page of another origin makes the request, as far as the browser says:
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function isForeign({ isWrite, host, origin, fetchSite }: OriginHeaders): boolean {
  if (fetchSite !== undefined) return isWrite ? fetchSite !== 'same-origin' : !OWN_OR_TYPED.includes(fetchSite);
  return origin !== undefined && hostOf(origin) !== host?.toLowerCase();
}

const OWN_OR_TYPED: readonly string[] = ['same-origin', 'none'];

/** Without its port, a dot at its end, and the brackets of IPv6; in lower case. */
function nameOf(host: string | undefined): string | undefined {
  if (host === undefined || !URL.canParse(`http://${host}`)) return undefined;
  const { hostname, username, pathname } = new URL(`http://${host}`);
  return username === '' && pathname === '/' ? hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '') : undefined;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
