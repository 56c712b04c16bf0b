import type { HttpRequest } from '../../http-client/transport.ts';
import type { ExotelConfig } from './config.ts';

/** Composes calls for one account, with its credentials in a header: https://developer.exotel.com/api/sms */
export interface Account {
  get(path: string): HttpRequest;
  post(path: string, form: Readonly<Record<string, string>>): HttpRequest;
}

export function createAccount({ domain, sid, key, token }: ExotelConfig): Account {
  const url = `https://${domain}/v1/Accounts/${sid}`;
  const headers = {
    authorization: `Basic ${Buffer.from(`${key?.reveal() ?? sid}:${token.reveal()}`).toString('base64')}`,
    accept: 'application/json',
  };
  return {
    get: (path) => ({ method: 'GET', url: url + path, headers }),
    post: (path, form) => ({
      method: 'POST',
      url: url + path,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    }),
  };
}
