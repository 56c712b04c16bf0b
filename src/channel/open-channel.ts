import type { Channel, ChannelDeps } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';

/** Creates a channel and loads only the code of its type. Makes no request. */
export async function openChannel(name: string, config: ChannelConfig, deps: ChannelDeps): Promise<Channel> {
  switch (config.type) {
    case 'slack':
    case 'mattermost':
    case 'rocketchat':
      return (await import('./web-channels.ts')).createSlackChannel(name, config, deps);
    case 'discord':
      return (await import('./web-channels.ts')).createDiscordChannel(name, config, deps);
    case 'webhook':
      return (await import('./web-channels.ts')).createWebhookChannel(name, config, deps);
    case 'email':
      return (await import('./email.ts')).createEmailChannel(name, config, deps);
  }
}
