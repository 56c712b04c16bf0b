import type { Channel, ChannelDeps } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';
import { neutralise, textWithin } from './describe-notice.ts';
import { judgeExchange, openTransport, postJson, readRefusal } from './post-json.ts';

type SlackConfig = Extract<ChannelConfig, { type: 'slack' | 'mattermost' | 'rocketchat' }>;

/**
 * The longest text that each accepts as one message:
 * https://api.slack.com/changelog/2018-04-truncating-really-long-messages, Mattermost's smallest limit, and the default
 * of Rocket.Chat's `Message_MaxAllowedSize`.
 */
const MAX_TEXT: Readonly<Record<SlackConfig['type'], number>> = { slack: 40_000, mattermost: 4000, rocketchat: 5000 };

/**
 * Posts to an incoming webhook of Slack, https://api.slack.com/messaging/webhooks, or of Mattermost or Rocket.Chat,
 * which accept the same request with markup of their own. Slack rejects with a status and one word, such as
 * `channel_is_archived`.
 */
export function createSlackChannel(name: string, { type, url }: SlackConfig, { now }: ChannelDeps): Channel {
  const transport = openTransport();
  return {
    name,
    type,
    async notify(notice, signal) {
      const text = textWithin(notice, MAX_TEXT[type], (words) => neutralise(words, type));
      const body = type === 'slack' ? { text, mrkdwn: false } : { text };
      return judgeExchange(await postJson(transport, url, body, signal), now(), readRefusal);
    },
    close: () => transport.close(),
  };
}
