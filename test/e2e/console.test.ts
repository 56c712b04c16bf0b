import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { findChromium } from '../support/find-chromium.ts';
import { testRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { openWatchedPage, type WatchedPage } from '../support/watched-page.ts';
import { writeConfig } from '../support/write-config.ts';

const chromium = findChromium();
const TOKEN = 'the-token-of-the-console-test';
/** Without the country's code, so that no way of writing it slips through. */
const NUMBERS = ['129876543', '123450001', '123450005', '123450006'];
const CONTACTS = { alice: NUMBERS[0], bob: NUMBERS[1], dave: NUMBERS[2], carol: NUMBERS[3] };
const VIEWS = ['#/now', '#/search', '#/search/alice', '#/dead', '#/unknown', '#/replies', '#/send'];
/** Runs in the page: what can be pressed and is lower than a thumb needs. */
const TOO_SMALL = `
[...document.querySelectorAll('button, a.button, nav a, a.entry, summary, input, textarea')]
  .filter((element) => element.getClientRects().length > 0 && element.getBoundingClientRect().height < 44)
  .map(({ outerHTML }) => outerHTML)`;

describe.skipIf(chromium === undefined)('the console in a real browser', () => {
  const { url: redisUrl, prefix } = testRedis();
  let app: App;
  let origin: string;
  let watched: WatchedPage;
  let page: WatchedPage['page'];

  beforeAll(async () => {
    const contacts = Object.entries(CONTACTS).map(([name, number]) => `  ${name}: { phone: "+60${number}", consent: true }`);
    const path = await writeConfig(`
providers: { simulated: { type: simulated, timeout: 200ms } }
routes: [{ name: default, minSeverity: info, providers: [simulated] }]
contacts:
${contacts.join('\n')}
groups: { oncall: [alice, bob] }
http: { port: 0, console: true, tokens: [${TOKEN}] }
redis: { prefix: "${prefix}" }
shutdown: { grace: 1s }
`);
    app = createAll({ config: loadConfig({ path, env: {} }).config, redisUrl, logger: createLogger('silent') });
    const [{ httpPort }, opened] = await Promise.all([app.start(), openWatchedPage(chromium as string)]);
    origin = `http://127.0.0.1:${httpPort}`;
    watched = opened;
    page = watched.page;
  });

  afterAll(async () => {
    await watched?.close();
    await app?.stop();
  });

  async function raise(alert: object): Promise<string> {
    const response = await fetch(`${origin}/v1/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ severity: 'error', source: 'console-test', ...alert }),
    });
    const { accepted } = (await response.json()) as { accepted: { id: string }[] };
    return accepted[0]?.id as string;
  }
  const go = async (hash: string) => {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.locator('main section').first().waitFor();
  };
  const shown = (text: string | RegExp) => page.getByText(text).first().waitFor();
  const press = (name: string) => page.getByRole('button', { name, exact: true }).first().click();
  const confirm = (name: string) => page.locator('dialog').getByRole('button', { name, exact: true }).click();
  /** Nothing that is shown, sent or received holds a whole number, and the browser complains of nothing. */
  async function expectClean(): Promise<void> {
    const all = [await page.content(), await page.title(), ...watched.traffic].join('\n').replace(/[\s().-]/g, '');
    for (const number of NUMBERS) expect(all.includes(number), `…${number.slice(-4)} is in the page or its traffic`).toBe(false);
    expect(watched.complaints).toEqual([]);
    expect(watched.urls.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith('data:'))).toEqual([]);
  }

  it('accepts a token, by the keyboard alone', async () => {
    await page.goto(`${origin}/console`);
    await page.getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.locator('.banner-ok, .banner-warning').waitFor();
    await shown('No entries yet.');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    const { cookies } = await page.context().storageState();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
    await expectClean();
  });

  it('shows a text on the phone, in the live flow and as a story', async () => {
    await go('#/send');
    await page.getByRole('checkbox', { name: 'alice' }).uncheck();
    expect(await page.getByRole('button', { name: 'Send to the simulated phone' }).isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: 'alice' }).check();
    await page.getByLabel('Text', { exact: true }).fill('The disk is full');
    await press('Send to the simulated phone');
    await page.locator('.bubble', { hasText: 'CRITICAL: The disk is full' }).waitFor();
    await page.getByRole('link', { name: 'Show its history' }).click();
    await page.getByRole('heading', { level: 1, name: 'Not texted (simulated: no phone was texted)' }).waitFor();
    await shown(/simulated called, accepted/);
    const story = page.url();
    await go('#/now');
    await shown(/^Simulated nothing was sent to a phone: alice \(\+60\*+543\) through simulated/);
    await shown(/100% of 1 accepted/);
    await page.goto(story);
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Not texted (simulated: no phone was texted)' }).waitFor();
    await expectClean();
  });

  it('holds still while it is paused, and says what it holds back', async () => {
    await go('#/now');
    await press('Pause');
    const before = await page.locator('.entry').count();
    await raise({ to: 'contact:bob', text: 'while paused', dedupKey: 'paused' });
    await page.getByRole('button', { name: /^Resume \(\d+ new\)$/ }).waitFor();
    expect(await page.locator('.entry').count()).toBe(before);
    await page.getByRole('button', { name: /^Resume/ }).click();
    await shown(/^Delivered to bob/);
    await expectClean();
  });

  it('replays a dead letter and discards it, each after a question', async () => {
    const id = await raise({ to: 'contact:carol', text: 'to a wrong number', dedupKey: 'wrong/number' });
    await go('#/dead');
    await page.getByRole('heading', { name: /^carol/ }).waitFor();
    await shown('The provider reports that this number cannot receive SMS');
    await press('Replay');
    await shown(/message to carol is sent again, with a new deadline/);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await press('Replay');
    await confirm('Replay');
    await shown(/^Replayed: carol, valid until /);
    await go(`#/story/${id}`);
    await shown(/replayed by an operator/);
    await until(async () => (await page.getByText(/simulated called, refused/).count()) === 2);
    await expectClean();
    await go('#/dead');
    await press('Discard');
    await confirm('Discard');
    await shown('Discarded: carol.');
    await shown('No dead letters.');
    expect(await page.evaluate('document.activeElement.id'), 'where the keyboard goes on').toBe('main');
    await expectClean();
  });

  it('resolves an unknown outcome', async () => {
    const id = await raise({ to: 'contact:dave', text: 'perhaps', dedupKey: 'perhaps' });
    await go('#/unknown');
    await page.getByRole('heading', { name: /^dave/ }).waitFor();
    await expectClean();
    await press('It was sent');
    await shown(/recorded as accepted. Nothing is sent/);
    await confirm('It was sent');
    await shown('No messages with unknown outcome.');
    await go(`#/story/${id}`);
    await page.getByRole('heading', { level: 1, name: 'Not texted (simulated: no phone was texted)' }).waitFor();
    await expectClean();
  });

  it('finds by contact, dedup key and id, and keeps a phone number to itself', async () => {
    const id = await raise({ id: 'order-42.paid', to: 'group:oncall', text: 'found', dedupKey: 'db-1/unreachable' });
    const search = async (query: string) => {
      await go('#/search');
      await page.getByLabel(/^Alert id/).fill(query);
      await press('Search');
    };
    for (const query of ['db-1/unreachable', id, 'bob']) {
      await search(query);
      await page
        .getByRole('list', { name: `Found for ${query}` })
        .locator(`a[href="#/story/${id}"]`)
        .first()
        .waitFor();
    }
    await search('nobody');
    await shown('No entry found for “nobody”.');
    const asked = watched.urls.length;
    await page.getByLabel(/^Alert id/).fill('+15005550006');
    await press('Search');
    await shown(/looks like a phone number/);
    expect(watched.urls.slice(asked).filter((url) => url.includes('search'))).toEqual([]);
    await page.goto(`${origin}/console#/story/${id}`);
    await shown('Phones');
    await page.locator('.story-phones .entry', { hasText: 'bob' }).click();
    await page.getByRole('link', { name: 'Its alert' }).waitFor();
    await expectClean();
  });

  it('fits a phone, can be pressed with a thumb, and follows dark and light', async () => {
    const back = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await back();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await back()).not.toBe(dark);
    await page.setViewportSize({ width: 390, height: 844 });
    for (const view of [...VIEWS, '#/story/order-42.paid']) {
      await go(view);
      await page.locator('main > :nth-child(2)').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(390);
      expect(await page.evaluate(TOO_SMALL), view).toEqual([]);
    }
    await expectClean();
  });

  it('claims to count no more than it knows, where more happened than it fetched', async () => {
    await go('#/now');
    await shown('last 10 min');
    for (let count = 0; count < 210; count += 1) await raise({ to: 'contact:alice', text: 'again and again', dedupKey: 'again' });
    await page.reload();
    await shown(/^last \d+ s$/);
  });

  it('says when the server is gone, and comes back with it', async () => {
    await go('#/now');
    await page.context().setOffline(true);
    await shown('The server does not answer.');
    await page.context().setOffline(false);
    await page.locator('.banner-ok, .banner-warning').waitFor();
    await press('Log out');
    await page.getByLabel('Token').waitFor();
  });
});
