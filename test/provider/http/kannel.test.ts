import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { countSegments } from '../../../src/alert/segments.ts';
import { systemClock } from '../../../src/clock.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { SmsMessage } from '../../../src/provider/contract/provider.ts';
import type { ReceiptCall } from '../../../src/provider/contract/receipt-reader.ts';
import { createProvider, createReceiptReader, type ProviderConfig } from '../../../src/provider/registry.ts';
import { MESSAGE } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { findKannel, type Kannel, type KannelPrograms, startKannel } from '../../support/kannel.ts';
import { until } from '../../support/until.ts';
import { type Hit, startHttpVendor } from '../../support/vendors/http-vendor.ts';

const programs = findKannel();

describe.skipIf(programs === undefined)('a real Kannel behind config/kannel.example.yaml', () => {
  let kannel: Kannel;

  beforeAll(async () => {
    kannel = await startKannel(programs as KannelPrograms);
  });

  afterAll(() => kannel?.stop());

  async function setup(env: Readonly<Record<string, string>> = {}) {
    const calls: Hit[] = [];
    const receiver = await startHttpVendor((hit) => {
      calls.push(hit);
      return { status: 200, body: '{}' };
    });
    onTestFinished(receiver.close);
    const { config } = loadConfig({
      path: 'config/kannel.example.yaml',
      env: {
        KANNEL_URL: kannel.url,
        KANNEL_USERNAME: kannel.username,
        KANNEL_PASSWORD: kannel.password,
        PUBLIC_URL: receiver.url,
        RECEIPT_TOKEN: 'r3ceipt',
        ONCALL_PHONE: MESSAGE.to,
        ...env,
      },
    });
    const written = config.providers.get('kannel') as ProviderConfig;
    const provider = await createProvider('kannel', written, { clock: systemClock, ...noDeps });
    onTestFinished(() => provider.close());
    const reader = await createReceiptReader(written, { publicUrl: receiver.url, providers: config.providers });
    return {
      send: (text: string, message: Partial<SmsMessage> = {}) =>
        provider.send({ ...MESSAGE, ...message, text }, new AbortController().signal),
      /** The next call at the receiver, read as ours. */
      nextReceipt: async () => {
        const { path, body } = await until(() => calls.shift());
        const call: ReceiptCall = { method: 'GET', target: path, headers: {}, body };
        return { path, genuine: reader?.isGenuine(call), receipts: reader?.read(call) };
      },
    };
  }

  it.each([
    ['GSM-7', 'CRITICAL: disk {93%} full & a+b=c? "€" @ ñ', 0, 1],
    ['Chinese', '严重：磁盘已满 🔥 100% & a+b', 2, 1],
    ['several lines', 'CRITICAL: disk full\nhost: db-1\n', 0, 1],
    ['a long text', `CRITICAL: ${'disk is full, '.repeat(30)}end`, 0, 3],
    ['a long Chinese text', `严重：${'磁盘已满🔥，'.repeat(20)}完`, 2, 3],
  ])('takes %s and hands it to the SMS centre as it was', async (_what, text, coding, parts) => {
    const { send } = await setup();
    expect(await send(text)).toEqual({ kind: 'accepted' });
    expect(await kannel.centre.nextSms()).toMatchObject({ to: MESSAGE.to, text, coding, parts });
    // What we count is what goes out.
    expect(countSegments(text)).toBe(parts);
  });

  it.each([
    [1, 'delivered'],
    [2, 'undelivered'],
  ] as const)('calls our receiver when the SMS centre reports %i: %s', async (dlr, state) => {
    const { send, nextReceipt } = await setup();
    const id = `m-kannel_${dlr}`;
    const awaited = await kannel.awaitedReports();
    await send('disk full', { id });
    const taken = await kannel.centre.nextSms();
    await until(async () => (await kannel.awaitedReports()) > awaited);
    await taken.report(dlr);
    expect(await nextReceipt()).toEqual({
      path: `/v1/receipts/kannel?token=r3ceipt&ref=${id}&status=${dlr}`,
      genuine: true,
      receipts: [{ messageId: id, state }],
    });
  });

  it('turns a wrong password away', async () => {
    const { send } = await setup({ KANNEL_PASSWORD: 'wrong' });
    expect(await send('disk full')).toMatchObject({ kind: 'refused', error: { reason: 'auth', status: 403 } });
  });

  it('turns away what is no number', async () => {
    const { send } = await setup();
    expect(await send('disk full', { to: 'nobody' as E164 })).toMatchObject({ kind: 'refused', error: { reason: 'content', status: 400 } });
  });

  it('reports what the SMS centre rejects', async () => {
    const { send, nextReceipt } = await setup();
    kannel.centre.rejectAll();
    expect(await send('disk full', { id: 'm-rejected' })).toEqual({ kind: 'accepted' });
    expect(await nextReceipt()).toMatchObject({ genuine: true, receipts: [{ messageId: 'm-rejected', state: 'undelivered' }] });
  });
});
