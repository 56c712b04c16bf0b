import type { ConsoleApi } from '../http/console/api.ts';
import { Fault, faultOf } from './fault.ts';

/** Base path of all calls of {@link ConsoleApi}. */
export const API = '/console/api/';
/** Longer than the server takes to detect an outage of Redis. */
const WITHIN_MS = 8_000;

/** Event on `window` when the session has ended. */
export const SHUT = 'sms-dispatch:shut';

/** @throws Fault for any response other than 2xx */
export async function ask<K extends keyof ConsoleApi>(path: string): Promise<ConsoleApi[K]> {
  return (await call(API + path, { method: 'GET' })) as ConsoleApi[K];
}

/** @throws Fault for any response other than 2xx */
export async function post<K extends keyof ConsoleApi>(path: string, body: object): Promise<ConsoleApi[K]> {
  return (await call(API + path, json('POST', body))) as ConsoleApi[K];
}

/** @throws Fault for a wrong token */
export async function logIn(token: string): Promise<void> {
  await call('/console/session', json('POST', { token }));
}

export async function logOut(): Promise<void> {
  await call('/console/session', json('DELETE', {}));
}

function json(method: string, body: object): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

async function call(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(path, { ...init, credentials: 'same-origin', signal: AbortSignal.timeout(WITHIN_MS) }).catch(() => {
    throw faultOf(0, undefined);
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  if (response.status === 401 && path.startsWith(API)) window.dispatchEvent(new Event(SHUT));
  throw faultOf(response.status, body as object | undefined);
}

/** Converts any thrown value; an unexpected one is reported as a bug of the page. */
export function asFault(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault(-1, `Unexpected error of this page: ${String(error)}`);
}
