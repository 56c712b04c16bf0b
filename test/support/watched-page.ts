import { type Browser, chromium, type Page } from 'playwright-core';

/** A page of a real browser, of which everything is written down that goes out, comes in or is shown. */
export interface WatchedPage {
  readonly page: Page;
  /** Addresses and bodies of requests, bodies of answers and of what is streamed. */
  readonly traffic: readonly string[];
  readonly urls: readonly string[];
  /** What the browser complains of: errors, warnings, and breaches of the content security policy. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export async function openWatchedPage(executablePath: string): Promise<WatchedPage> {
  // Tests run as root in containers, where the browser's own sandbox does not start.
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: 'dark', reducedMotion: 'reduce' });
  page.setDefaultTimeout(10_000);
  const traffic: string[] = [];
  const urls: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    urls.push(request.url());
    traffic.push(decodeURIComponent(request.url()), request.postData() ?? '');
  });
  page.on('response', (response) => {
    const { 'content-type': type = '' } = response.headers();
    if (!type.startsWith('text/event-stream')) void response.text().then((body) => traffic.push(body), ignore);
  });
  page.on('console', (said) => {
    if (['error', 'warning'].includes(said.type())) complaints.push(said.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.exposeFunction('complain', (words: string) => void complaints.push(words));
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => complain('policy: ' + violatedDirective + ' ' + blockedURI))`,
  );
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  devtools.on('Network.eventSourceMessageReceived', ({ data }) => traffic.push(data));
  return { page, traffic, urls, complaints, close: () => browser.close() };
}

/** A page that goes away takes the bodies of its answers with it. */
function ignore(): void {}
