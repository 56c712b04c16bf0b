import type { Channel, ChannelDeps } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';
import { plainText } from './describe-notice.ts';
import { judgeExchange, openTransport, postJson } from './post-json.ts';

type SlackConfig = Extract<ChannelConfig, { type: 'slack' }>;

/**
 * Slack's incoming webhook, which Mattermost, Rocket.Chat and others understand as well:
 * https://api.slack.com/messaging/webhooks. A refusal is a status and one word, such as `channel_is_archived`.
 */
export function createSlackChannel(name: string, { type, url }: SlackConfig, { now }: ChannelDeps): Channel {
  const transport = openTransport();
  return {
    name,
    type,
    async notify(notice, signal) {
      const body = { text: neutralise(plainText(notice)), mrkdwn: false };
      return judgeExchange(await postJson(transport, url, body, signal), now(), (answer) => ({ code: answer.body.trim() }));
    },
    close: () => transport.close(),
  };
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Somebody else's words can neither call people nor pretend to be a link: Slack's control characters become entities, as
 * https://api.slack.com/reference/surfaces/formatting#escaping asks, and an @channel of other chats is taken apart by a
 * space that nobody sees.
 */
function neutralise(text: string): string {
  return text.replace(/[&<>]/g, (char) => ENTITIES[char] as string).replace(/@(?=(?:all|channel|everyone|here)\b)/gi, '@\u200b');
}
