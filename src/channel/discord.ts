import type { Channel, ChannelDeps } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';
import { neutralise, textWithin } from './describe-notice.ts';
import { judgeExchange, openTransport, postJson, readRefusal } from './post-json.ts';

type DiscordConfig = Extract<ChannelConfig, { type: 'discord' }>;

/** Discord rejects longer contents. */
const MAX_CONTENT = 2000;

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
export function createDiscordChannel(name: string, { type, url }: DiscordConfig, { now }: ChannelDeps): Channel {
  const transport = openTransport();
  return {
    name,
    type,
    async notify(notice, signal) {
      const content = textWithin(notice, MAX_CONTENT, (words) => neutralise(words, 'discord'));
      const body = { content, allowed_mentions: { parse: [] } };
      return judgeExchange(await postJson(transport, url, body, signal), now(), readRefusal);
    },
    close: () => transport.close(),
  };
}
