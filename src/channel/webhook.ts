import type { Channel, ChannelDeps } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';
import { judgeExchange, openTransport, postJson, readDenial } from './post-json.ts';

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
