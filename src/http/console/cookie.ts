import { SESSION_MS } from './sessions.ts';

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
