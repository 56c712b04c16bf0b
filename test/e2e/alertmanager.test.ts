import { describe, expect, it, onTestFinished } from 'vitest';
import { findTool } from '../metrics/tools.ts';
import { testRedis } from '../support/redis.ts';
import { launch, metrics, total } from '../support/system.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import { startFakeTwilio } from '../support/vendors/twilio.ts';
import { rest } from './rest.ts';
import { startAlertmanager, startExporter, startPrometheus } from './stack.ts';

const prometheus = findTool('prometheus');
const alertmanager = findTool('prometheus-alertmanager');

const ACCOUNT = { accountSid: 'ACe2e', authToken: 'e2e-token' };

const RULE = {
  alert: 'DiskFull',
  expr: 'disk_full == 1',
  labels: { severity: 'critical' },
  annotations: { summary: 'The disk is full' },
};

describe.skipIf(prometheus === undefined || alertmanager === undefined)('a rule that fires in a real Prometheus', () => {
  const { url: redisUrl, prefix } = testRedis();

  it('texts once an episode, through two Alertmanagers, their repeats, the resolve, and our own outage', { timeout: 360_000 }, async () => {
    const twilio = await startFakeTwilio(ACCOUNT);
    onTestFinished(() => twilio.close());
    const port = await testPort();
    const config = `
providers:
  twilio-main: { type: twilio, accountSid: ${ACCOUNT.accountSid}, authToken: ${ACCOUNT.authToken}, from: "+15005550006", baseUrl: ${twilio.url} }
routes: [{ name: default, providers: [twilio-main] }]
contacts: { alice: { phone: "+60123456789", consent: true } }
groups: { oncall: [alice] }
redis: { prefix: "${prefix}" }
`;
    const open = () => launch({ config, redisUrl, env: { PORT: String(port) } });
    const exporter = await startExporter();
    const webhook = `http://127.0.0.1:${port}/v1/webhooks/alertmanager?to=group:oncall`;
    const [first, ...pair] = await Promise.all([
      open(),
      startAlertmanager(alertmanager as string, webhook),
      startAlertmanager(alertmanager as string, webhook),
    ]);
    let system = first;
    await startPrometheus(prometheus as string, {
      target: exporter.target,
      alertmanagers: pair.map(({ address }) => address),
      rule: RULE,
    });
    const calls = () => Promise.all(pair.map((one) => one.calls()));
    /** Each of the two has been answered 2xx this many times more. */
    const taken = async (more: number, since: Awaited<ReturnType<typeof calls>>) =>
      until(async () => {
        const now = await calls();
        if (now.some(({ done }, i) => done < (since[i]?.done ?? 0) + more)) throw new Error(JSON.stringify({ since, now }));
        return now;
      }, 120_000);
    const outcomes = async (labels: string) => (await metrics(system.url)).get(`sms_alert_outcomes_total{${labels}}`);

    // The first call of each is the alert, all after it are repeats.
    exporter.set(1);
    const fired = await taken(3, await calls());
    await rest(system.url);
    expect(twilio.requests.map(({ form }) => form)).toEqual([
      expect.objectContaining({
        To: '+60123456789',
        Body: `Instance: ${exporter.target}, Priority: CRITICAL, Content: The disk is full`,
      }),
    ]);
    expect(fired.map(({ failed }) => failed)).toEqual([0, 0]);
    expect(await outcomes('outcome="routed",reason="none"')).toBe(1);

    exporter.set(0);
    await until(() => outcomes('outcome="suppressed",reason="resolved"'), 30_000);
    await rest(system.url);
    expect(twilio.requests).toHaveLength(1);
    expect(total([await metrics(system.url)], 'sms_alerts_total')).toBe(2);

    // A new episode finds our door shut: both keep trying and both deliver once it is open again.
    system.kill();
    expect(await system.exit()).toBe(0);
    const before = await calls();
    exporter.set(1);
    await until(async () => (await calls()).every(({ failed }) => failed > 0), 30_000);
    system = await open();
    await taken(1, before);
    await rest(system.url);
    expect(twilio.requests.map(({ form }) => form.To)).toEqual(['+60123456789', '+60123456789']);
    expect(await outcomes('outcome="routed",reason="none"')).toBe(1);
  });
});
