import { onTestFinished } from 'vitest';
import type { Channel, ChannelDeps, Notice } from '../../src/channel/channel.ts';
import { channelSchema } from '../../src/channel/channel-config.ts';
import { openChannel } from '../../src/channel/open-channel.ts';

export const NOW = new Date('2026-11-20T03:00:00Z');

export const notice = (over: Partial<Notice> = {}): Notice => ({
  id: 'n-1',
  alertId: 'order-42',
  severity: 'critical',
  route: 'default',
  text: 'Database unreachable',
  source: 'checkout',
  instance: 'db-1',
  labels: { team: 'payments' },
  receivedAt: NOW.getTime(),
  step: 1,
  steps: 1,
  contacts: [],
  ...over,
});

/** As the config has it; closed when the test ends. */
export async function given(config: Readonly<Record<string, unknown>>, deps: Partial<ChannelDeps> = {}): Promise<Channel> {
  const channel = await openChannel('ops', channelSchema.parse(config), { now: () => NOW, openAddresses: (to) => to, ...deps });
  onTestFinished(() => channel.close());
  return channel;
}

export const never: AbortSignal = new AbortController().signal;
