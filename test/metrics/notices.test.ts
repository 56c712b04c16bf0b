import { expect, it } from 'vitest';
import { createMetrics } from '../../src/metrics/metrics.ts';

it('the notices of a channel are counted from 0, and those of one that the config no longer names together', async () => {
  const metrics = createMetrics({ providers: [], version: '1', role: 'dispatcher' });
  metrics.learnChannels(['ops-chat']);
  metrics.noticeEnded({ channel: 'ops-chat', result: 'accepted' });
  metrics.noticeEnded({ channel: 'gone', result: 'failed' });
  metrics.learnChannels(['ops-chat', 'ops-mail']);
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('sms_notices_total'));
  expect(lines).toEqual([
    'sms_notices_total{channel="ops-chat",result="accepted"} 1',
    'sms_notices_total{channel="ops-chat",result="failed"} 0',
    'sms_notices_total{channel="ops-chat",result="cancelled"} 0',
    'sms_notices_total{channel="other",result="failed"} 1',
    ...['accepted', 'failed', 'cancelled'].map((result) => `sms_notices_total{channel="ops-mail",result="${result}"} 0`),
  ]);
});
