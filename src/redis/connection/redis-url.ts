import { judgeTls, TLS_NAMES, type TlsFiles } from './tls-files.ts';

/** A parsed `redis.url`; ioredis itself parses the `url` of a single server. */
export type RedisAddress =
  | { readonly kind: 'server'; readonly url: string; readonly tlsFiles?: TlsFiles }
  | ({ readonly kind: 'sentinel'; readonly name: string; readonly db: number; readonly sentinelPassword: string | undefined } & Group)
  | ({ readonly kind: 'cluster' } & Group);

interface Group {
  /** The Sentinels, or some nodes of the cluster; the others are discovered. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** User of the Redis servers. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  readonly tlsFiles?: TlsFiles;
}

const FORMS =
  'the Redis URL cannot be read: write redis://host:6379, rediss://host:6380 for TLS, or redis://user:password@host:6379/0 ' +
  'with special characters in the password percent-encoded (%40 for @, %2F for /, %3F for ?, %23 for #, %25 for %); redis+sentinel://host1:26379,host2:26379/mymaster for Sentinel, ' +
  'redis+cluster://host1:6379,host2:6379 for a Redis Cluster, rediss+… with TLS';

const DEFAULT_PORTS = { sentinel: 26_379, cluster: 6379 } as const;

/**
 * Reads `redis://`, `rediss://` (TLS), the path of a unix socket, `redis+sentinel://[user:pass@]host:port,…/name[/db]`
 * with the Sentinels' own password as `?sentinelPassword=`, `redis+cluster://[user:pass@]host:port,…`; with TLS also `?ca=…&cert=…&key=…`
 * for the paths of certificates and `servername=`; and `redis+cluster://[user:pass@]host:port,…`.
 * @throws Error when `url` is none of these; the text never repeats the URL, which may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  if (url.startsWith('/') && !url.startsWith('//')) return { kind: 'server', url };
  if (/^rediss?:\/\//i.test(url) && URL.canParse(url)) return readServerUrl(url);
  const { scheme, user, password, hosts, path, query } = splitUrl(url) ?? {};
  if (scheme === undefined || hosts === undefined) throw new Error(FORMS);
  const kind = scheme.endsWith('+cluster') ? 'cluster' : 'sentinel';
  const asked = new URLSearchParams(query);
  const shared: Group = {
    hosts: hosts.map((host) => parseHost(host, DEFAULT_PORTS[kind])),
    username: decode(user),
    password: decode(password),
    tls: scheme.startsWith('rediss'),
    ...withFiles(takeTlsFiles(asked, scheme.startsWith('rediss'))),
  };
  if (kind === 'cluster') {
    if (path !== '' || asked.size > 0) throw new Error(FORMS);
    return { kind, ...shared };
  }
  const [, name, db = '0'] = /^\/([^/]+)(?:\/(\d+))?$/.exec(path ?? '') ?? [];
  const sentinelPassword = asked.get('sentinelPassword') ?? undefined;
  asked.delete('sentinelPassword');
  if (name === undefined || asked.size > 0) throw new Error(FORMS);
  return { kind, ...shared, name: decode(name) as string, db: Number(db), sentinelPassword };
}

/** Supported options of ioredis in the query of a URL. */
const QUERY_OPTIONS: readonly string[] = ['db', 'family', 'password', 'username'];

const RAW_PASSWORD =
  'the Redis URL cannot be read: a character in it must be percent-encoded; in the user name and the password write %40 for @, ' +
  '%2F for /, %3F for ?, %23 for # and %25 for %';

/** Whether an unencoded password was split, so that parts of it are in the host, the path or the query. */
function isCutUp(url: string): boolean {
  const { username, password, pathname, searchParams } = new URL(url);
  return hasMisplacedAt(pathname, searchParams) || url.includes('#') || ![username, password].every(isDecodable);
}

/** Whether an `@` is behind the hosts, outside of a password in the query: it then belongs to an unencoded password. */
function hasMisplacedAt(path: string, query: URLSearchParams): boolean {
  const parts = [...query].flatMap(([name, value]) => (/^(?:sentinelPassword|password|ca|cert|key)$/.test(name) ? [name] : [name, value]));
  return [path, ...parts].some((part) => /@|%40/.test(part));
}

/** Validates a URL: ioredis would read `/abc` as database NaN, on which calls never return, and ignore a misspelled option. */
function readServerUrl(url: string): RedisAddress {
  if (isCutUp(url)) throw new Error(RAW_PASSWORD);
  const { protocol, pathname, searchParams } = new URL(url);
  const wrongDatabase = 'the Redis URL has a database that is not a number: write redis://host:6379/0, or leave it out for database 0';
  if (!/^(?:\/\d*)?$/.test(pathname) || !/^\d*$/.test(searchParams.get('db') ?? '')) throw new Error(wrongDatabase);
  const tlsFiles = takeTlsFiles(searchParams, protocol === 'rediss:');
  if ([...searchParams.keys()].some((name) => !QUERY_OPTIONS.includes(name)))
    throw new Error(
      `the Redis URL has an unknown option after the question mark: it may hold ${[...QUERY_OPTIONS, ...TLS_NAMES].join(', ')}`,
    );
  if (tlsFiles === undefined) return { kind: 'server', url };
  // ioredis would read them as its own options, and `rediss:` would enable TLS without them.
  const [start = ''] = url.split('?');
  const rest = searchParams.toString();
  return { kind: 'server', url: `${start.replace(/^rediss:/i, 'redis:')}${rest === '' ? '' : `?${rest}`}`, tlsFiles };
}

/** Removes the TLS settings from the query. @throws Error when they are inconsistent or TLS is off */
function takeTlsFiles(query: URLSearchParams, usesTls: boolean): TlsFiles | undefined {
  const found = TLS_NAMES.flatMap((name) => {
    const value = query.get(name);
    query.delete(name);
    return value === null || value === '' ? [] : [[name, value] as const];
  });
  if (found.length === 0) return undefined;
  const files: TlsFiles = Object.fromEntries(found);
  const fault = judgeTls(files, usesTls);
  if (fault !== undefined) throw new Error(`the Redis URL cannot be used: ${fault}`);
  return files;
}

function withFiles(tlsFiles: TlsFiles | undefined): { readonly tlsFiles?: TlsFiles } {
  return tlsFiles === undefined ? {} : { tlsFiles };
}

/** The address for logs: without the password, and without the query, which may hold one too. */
export function redactUrl(url: string): string {
  if (url.startsWith('/')) return url.split('?')[0] as string;
  const parts = splitUrl(url);
  if (parts === undefined && (!URL.canParse(url) || isCutUp(url))) return 'redis://(unreadable)';
  const { protocol, username, password, host, pathname } =
    parts === undefined
      ? new URL(url)
      : {
          protocol: `${parts.scheme}:`,
          username: parts.user ?? '',
          password: parts.password ?? '',
          host: parts.hosts.join(','),
          pathname: parts.path,
        };
  const user = username !== '' || password !== '' ? `${username}${password === '' ? '' : ':***'}@` : '';
  return `${protocol}//${user}${host}${pathname === '/' ? '' : pathname}`;
}

export function isClusterUrl(url: string): boolean {
  return /^rediss?\+cluster:/i.test(url);
}

/**
 * The fault of `redis.prefix`, if any: a Redis Cluster keeps the keys of one script together only if all of
 * them hold the same `{tag}`. The first brace counts, and an empty pair is no tag.
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function judgePrefix(prefix: string, clustered: boolean): string | undefined {
  if (!clustered || /^[^{]*\{[^}]+\}/.test(prefix)) return undefined;
  return 'must hold a part in braces, such as {sms}: a Redis Cluster keeps together what has the same {…} in its name';
}

interface Parts {
  /** In lower case, such as `rediss+sentinel`. */
  readonly scheme: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly hosts: readonly string[];
  readonly path: string;
  readonly query: string;
}

/** Splits a URL with several hosts, which `URL` cannot parse. All text before the last `@` may be a password. */
function splitUrl(url: string): Parts | undefined {
  const found = /^(rediss?\+(?:sentinel|cluster)):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^@/?#]+)(\/[^@?#]*)?(?:\?([^#]*))?$/i.exec(url);
  if (found === null) return undefined;
  const [, scheme = '', user, password, list = '', path = '', query = ''] = found;
  const hosts = list.split(',');
  if (!hosts.every((host) => HOST.test(host)) || ![user, password, path].every(isDecodable)) return undefined;
  if (hasMisplacedAt(path, new URLSearchParams(query))) return undefined;
  return { scheme: scheme.toLowerCase(), user, password, hosts, path: path === '/' ? '' : path, query };
}

/** A name, an IPv4 address or a bracketed IPv6 one, with or without a port. */
const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i;

function parseHost(host: string, defaultPort: number): { host: string; port: number } {
  const [, v6, name, port] = HOST.exec(host) as RegExpExecArray;
  return { host: (v6 ?? name) as string, port: port === undefined ? defaultPort : Number(port) };
}

function isDecodable(text: string | undefined): boolean {
  try {
    decode(text);
    return true;
  } catch {
    return false;
  }
}

function decode(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : decodeURIComponent(text);
}
