/**
 * @throws Error when this cannot be the address of a Redis: `redis://`, `rediss://` (TLS), or the path of a unix socket.
 * The text never repeats the address, which may hold a password.
 */
export function checkRedisUrl(url: string): void {
  if (url.startsWith('/') && !url.startsWith('//')) return;
  if (/^rediss?:\/\//i.test(url) && URL.canParse(url)) return;
  throw new Error(
    'the Redis URL cannot be read: write redis://host:6379, rediss://host:6380 for TLS, or redis://user:password@host:6379/0 ' +
      'with special characters in the password percent-encoded',
  );
}

/** The address fit for a log: without the password, and without the query, which may hold one as well. */
export function redactUrl(url: string): string {
  if (url.startsWith('/')) return url.split('?')[0] as string;
  if (!URL.canParse(url)) return 'redis://(unreadable)';
  const { protocol, username, password, host, pathname } = new URL(url);
  const user = username !== '' || password !== '' ? `${username}${password === '' ? '' : ':***'}@` : '';
  return `${protocol}//${user}${host}${pathname === '/' ? '' : pathname}`;
}
