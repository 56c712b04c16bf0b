import type { Channel, ChannelDeps } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';
import { neutralise, textWithin } from './describe-notice.ts';
import { judgeExchange, openTransport, postJson, readDenial, readRefusal } from './post-json.ts';

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

type WebhookConfig = Extract<ChannelConfig, { type: 'webhook' }>;

/**
 * Posts JSON to any other receiver: `{ version, alert: { id, severity, status, text, source, instance, labels,
 * receivedAt }, route, channel, step, steps }`, without absent fields of the alert. The header `Idempotency-Key` stays
 * the same across retries.
 */
export function createWebhookChannel(name: string, { type, url, headers }: WebhookConfig, { now }: ChannelDeps): Channel {
  const transport = openTransport();
  const own = Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, value.reveal()]));
  return {
    name,
    type,
    async notify(notice, signal) {
      const { id, alertId, severity, text, source, instance, labels, receivedAt, route, step, steps } = notice;
      const alert = {
        id: alertId,
        severity,
        status: 'firing',
        text,
        source,
        instance,
        labels,
        receivedAt: new Date(receivedAt).toISOString(),
      };
      const body = { version: '1', alert, route, channel: name, step, steps };
      return judgeExchange(await postJson(transport, url, body, signal, { 'idempotency-key': id, ...own }), now(), readDenial);
    },
    close: () => transport.close(),
  };
}
