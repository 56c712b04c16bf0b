import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import twilioSdk from 'twilio';
import { expect, it, onTestFinished } from 'vitest';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** Accepts everything and records it. */
async function startRecorder(): Promise<{ url: string; last(): Recorded | undefined }> {
  let last: Recorded | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { authorization, 'content-type': contentType } = request.headers;
      last = { method: request.method ?? '', path: request.url ?? '', authorization, contentType, body: Buffer.concat(chunks).toString() };
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ sid: `SM${'0'.repeat(32)}`, status: 'queued' }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, last: () => last };
}

type Options = Parameters<ReturnType<typeof twilioSdk>['messages']['create']>[0];

/** The request that Twilio's SDK makes. */
async function requestOfSdk(accountSid: string, authToken: string, options: Options): Promise<Recorded> {
  let seen: Recorded | undefined;
  const httpClient = {
    async request({ method, uri, username, password, headers, data }: Record<string, unknown>) {
      const { pathname, search } = new URL(uri as string);
      seen = {
        method: String(method).toUpperCase(),
        path: pathname + search,
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        contentType: (headers as Record<string, string>)['Content-Type'],
        body: new URLSearchParams(data as Record<string, string>).toString(),
      };
      return { statusCode: 201, body: { sid: 'SM1' }, headers: {} };
    },
  };
  await twilioSdk(accountSid, authToken, { accountSid, httpClient: httpClient as never }).messages.create(options);
  return seen as Recorded;
}

const ACCOUNT = { accountSid: 'AC00000000000000000000000000000001', authToken: 'the-auth-token' };
const SENDERS = [{ from: '+15005550006' }, { from: 'Ops Desk' }, { messagingServiceSid: 'MG00000000000000000000000000000001' }] as const;

it('a text is requested byte for byte as by the SDK of Twilio', async () => {
  const recorder = await startRecorder();
  const callback = 'https://sms.example.com/r?a=1';
  for (const sender of SENDERS) {
    for (const statusCallback of [undefined, callback]) {
      const given = { type: 'twilio', ...ACCOUNT, ...sender, ...(statusCallback && { statusCallback }), baseUrl: recorder.url };
      const provider = await createProvider('main', providerConfigSchemas.twilio.parse(given), { clock: { now: () => NOW }, ...noDeps });
      const text = fc.oneof(fc.string({ minLength: 1, unit: 'grapheme' }), fc.constantFrom("a+b & c=d ~!*()'", 'größer €\n', '+60 12'));
      await fc.assert(
        fc.asyncProperty(text, fc.integer({ min: -10, max: 90_000 }), async (body, seconds) => {
          const expiresAt = new Date(NOW.getTime() + seconds * 1_000);
          await provider.send({ ...MESSAGE, text: body, expiresAt }, new AbortController().signal);
          const url = statusCallback === undefined ? undefined : new URL(statusCallback);
          url?.searchParams.set('message', MESSAGE.id);
          const validityPeriod = Math.min(36_000, Math.max(6, seconds));
          const options = { to: MESSAGE.to, body, validityPeriod, ...sender, ...(url && { statusCallback: url.href }) };
          expect(recorder.last()).toEqual(await requestOfSdk(ACCOUNT.accountSid, ACCOUNT.authToken, options));
        }),
        { numRuns: 40 },
      );
      await provider.close();
    }
  }
});
