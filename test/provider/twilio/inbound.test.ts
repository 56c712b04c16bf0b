import { describe, expect, it } from 'vitest';
import type { InboundReader, ReceiptCall } from '../../../src/provider/contract/receipt-reader.ts';
import { createInboundReader, type ProviderConfig, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { signedCallback } from '../../support/vendors/twilio.ts';

const PUBLIC_URL = 'https://sms.example.com/edge';
const TARGET = '/v1/inbound/twilio-main';
const FORM = {
  AccountSid: 'AC00000000000000000000000000000001',
  MessageSid: 'SM1',
  From: '+60123456789',
  To: '+15005550006',
  Body: 'STOP',
  NumMedia: '0',
};

const providers = new Map<string, ProviderConfig>([
  ['desk', providerConfigSchemas.simulated.parse({ type: 'simulated' })],
  [
    'twilio-main',
    providerConfigSchemas.twilio.parse({
      type: 'twilio',
      accountSid: 'AC00000000000000000000000000000001',
      authToken: 'token',
      from: '+15005550006',
    }),
  ],
]);

async function reader(publicUrl: string | undefined = PUBLIC_URL): Promise<InboundReader> {
  const created = await createInboundReader(providers.get('twilio-main') as ProviderConfig, { publicUrl, providers });
  if (created === undefined) throw new Error('texts come in through Twilio');
  return created;
}

function post(fields: Readonly<Record<string, string>>, { token = 'token', url = PUBLIC_URL + TARGET, target = TARGET } = {}): ReceiptCall {
  const { headers, body } = signedCallback(url, token, fields);
  return { method: 'POST', target, headers, body };
}

describe('a text that came in through Twilio', () => {
  it('is genuine when its signature is, for this very address', async () => {
    const { isGenuine } = await reader();
    expect(isGenuine(post(FORM))).toBe(true);
    expect(isGenuine(post(FORM, { token: 'another' }))).toBe(false);
    expect(isGenuine(post(FORM, { url: `${PUBLIC_URL}/v1/receipts/twilio-main` }))).toBe(false);
    expect(isGenuine({ ...post(FORM), body: post({ ...FORM, From: '+60123456780' }).body })).toBe(false);
    expect(isGenuine({ ...post(FORM), headers: {} })).toBe(false);
    const lost = await createInboundReader(providers.get('twilio-main') as ProviderConfig, { publicUrl: undefined, providers });
    expect(lost?.isGenuine(post(FORM))).toBe(false);
  });

  it.each([
    [{}, undefined],
    [{ OptOutType: 'STOP' }, 'stop'],
    [{ OptOutType: 'START' }, 'start'],
    [{ OptOutType: 'HELP' }, undefined],
    [{ OptOutType: '' }, undefined],
  ])('with %j is read with the word %s', async (more, word) => {
    const { read } = await reader();
    expect(read(post({ ...FORM, ...more }))).toEqual({ providerMessageId: 'SM1', from: '+60123456789', text: 'STOP', word });
  });

  it('may hold a picture and no words', async () => {
    expect((await reader()).read(post({ ...FORM, Body: '' }))).toMatchObject({ text: '' });
  });

  it.each([
    ['STOP', 'stop'],
    ['stop', 'stop'],
    ['START', 'start'],
    ['HELP', undefined],
  ])('without Body is taken by its OptOutType %s', async (OptOutType, word) => {
    const { Body: _, ...rest } = FORM;
    const { isGenuine, read } = await reader();
    const call = post({ ...rest, OptOutType });
    expect(isGenuine(call)).toBe(true);
    expect(read(call)).toEqual({ providerMessageId: 'SM1', from: '+60123456789', text: '', word });
  });

  it('is genuine with a byte order mark before its form', async () => {
    const call = post(FORM);
    expect((await reader()).isGenuine({ ...call, body: `\ufeff${call.body}` })).toBe(true);
  });

  it.each(['MessageSid', 'From'] as const)('cannot be read without %s', async (name) => {
    const { [name]: _, ...rest } = FORM;
    expect((await reader()).read(post(rest))).toBeUndefined();
  });

  it('is answered by nothing to text back', async () => {
    const { answer } = await reader();
    expect(answer.type).toBe('text/xml');
    expect(answer.body).toMatch(/<Response\/>$/);
  });
});

it('no text comes in through a vendor that we cannot read', async () => {
  const simulated = providers.get('desk') as ProviderConfig;
  expect(await createInboundReader(simulated, { publicUrl: PUBLIC_URL, providers })).toBeUndefined();
});
