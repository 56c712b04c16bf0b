import type { Channel, ChannelDeps } from '../channel/channel.ts';
import { openChannel } from '../channel/open-channel.ts';
import { createNotices } from '../ledger/notices.ts';
import { createNotifier } from '../pipeline/notices/notifier.ts';
import { openAddresses } from '../pipeline/notices/open-addresses.ts';
import type { Persist } from '../pipeline/sending/message-stages.ts';
import { createNoticeWorker } from '../queue/notice-queue.ts';
import type { QueueWorker } from '../queue/worker/queue-worker.ts';
import type { Closer, Ground } from './ground.ts';

/** Notices → channels. */
export async function startNotifying(ground: Ground, persist: Persist, closers: Closer[]): Promise<QueueWorker> {
  const { config, logger, commands, keys, clock, ledger, metrics } = ground;
  const deps: ChannelDeps = {
    now: () => clock.now(),
    openAddresses: (to) => openAddresses(to, config, clock.now()),
  };
  const channels = new Map<string, Channel>();
  for (const [name, channel] of config.channels) {
    const opened = await openChannel(name, channel, deps);
    closers.push(() => opened.close());
    channels.set(name, opened);
  }
  metrics.learnChannels([...channels.keys()]);
  const notifier = createNotifier({
    channels,
    notices: createNotices(commands, keys),
    isOver: ledger.isOver,
    observer: metrics,
    clock,
    persist,
    random: Math.random,
    onBug: (error, channel) => logger.error({ err: error, channel }, 'the channel threw: a bug in it'),
  });
  return createNoticeWorker({ ...ground.workerDeps(), notifier });
}
