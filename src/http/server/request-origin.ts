import { isLoopback } from '../../setting/loopback.ts';

/** Host names under which this receiver may be called when no token protects it. */
export interface OwnNames {
  /** `http.host`, the listen address. */
  readonly host: string;
  readonly publicUrl: string | undefined;
  /** `http.allowedHosts`: further names, without ports. */
  readonly allowedHosts: readonly string[];
}

/** Headers of a request, unchanged. */
export interface OriginHeaders {
  readonly isWrite: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

/**
 * Returns whether the requested host is one of ours. A web page whose name resolves to this machine (DNS rebinding) sends its own
 * host name.
 */
export function isOwnHost(host: string | undefined, { host: listens, publicUrl, allowedHosts }: OwnNames): boolean {
  const name = nameOf(host);
  if (name === undefined) return false;
  const names = [listens, ...allowedHosts].map((own) => nameOf(own.includes(':') ? `[${own}]` : own));
  return isLoopback(name) || names.includes(name) || (publicUrl !== undefined && name === nameOf(new URL(publicUrl).host));
}

/**
 * Returns whether a page of another origin makes the request, as far as the browser reports it:
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function isForeign({ isWrite, host, origin, fetchSite }: OriginHeaders): boolean {
  if (fetchSite !== undefined) return isWrite ? fetchSite !== 'same-origin' : !OWN_OR_TYPED.includes(fetchSite);
  return origin !== undefined && hostOf(origin) !== host?.toLowerCase();
}

const OWN_OR_TYPED: readonly string[] = ['same-origin', 'none'];

/** Returns the host in lower case, without port, trailing dot and the brackets of IPv6. */
function nameOf(host: string | undefined): string | undefined {
  if (host === undefined || !URL.canParse(`http://${host}`)) return undefined;
  const { hostname, username, pathname } = new URL(`http://${host}`);
  return username === '' && pathname === '/' ? hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '') : undefined;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
