import type { Channel, ChannelDeps } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';

/** Creates a channel and loads only the code of its type. Makes no request. */
export async function openChannel(name: string, config: ChannelConfig, deps: ChannelDeps): Promise<Channel> {
  switch (config.type) {
    case 'slack':
    case 'mattermost':
    case 'rocketchat':
      return (await import('./slack.ts')).createSlackChannel(name, config, deps);
    case 'discord':
      return (await import('./discord.ts')).createDiscordChannel(name, config, deps);
    case 'webhook':
      return (await import('./webhook.ts')).createWebhookChannel(name, config, deps);
    case 'email':
      return (await import('./email.ts')).createEmailChannel(name, config, deps);
  }
}
