import { createHmac } from 'node:crypto';
import type { Secret } from '../setting/secret.ts';
import type { EventWebhook } from './event-webhook-config.ts';
import { judgeExchange, openTransport, postJson } from './post-json.ts';

/** Result of delivering an event. */
export type DeliveryResult =
  | { readonly kind: 'accepted' }
  /** `gone`: the receiver has unsubscribed (410). `code`: the error, safe to log, such as `http_503`. */
  | { readonly kind: 'refused'; readonly gone: boolean; readonly retryAt?: Date | undefined; readonly code: string };

/** An external system that receives the outcomes of alerts and messages. */
export interface EventReceiver {
  /** Makes one request within a bounded time. `id` stays the same across retries. */
  deliver(event: { readonly id: string; readonly body: unknown }, signal: AbortSignal): Promise<DeliveryResult>;
  close(): Promise<void>;
}

export function openEventReceiver({ url, secret, headers }: EventWebhook, now: () => Date): EventReceiver {
  const transport = openTransport();
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]));
  return {
    async deliver({ id, body }, signal) {
      const signed = signWebhook({ id, at: now(), body: JSON.stringify(body) }, secret);
      const exchange = await postJson(transport, url, body, signal, { ...own, ...signed });
      const judged = judgeExchange(exchange, now());
      if (judged.kind === 'accepted') return { kind: 'accepted' };
      const { retryAt, code } = judged;
      return { kind: 'refused', gone: exchange.kind === 'answer' && exchange.status === 410, retryAt, code };
    },
    close: () => transport.close(),
  };
}

export interface WebhookContent {
  readonly id: string;
  /** Time of this attempt. */
  readonly at: Date;
  /** The exact bytes that are sent. */
  readonly body: string;
}

/**
 * Returns the three headers of Standard Webhooks, with one signature per secret, so that a receiver can rotate its
 * secret:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#webhook-headers-sending-metadata-to-consumers
 * @param secrets `whsec_<base64>`
 */
export function signWebhook({ id, at, body }: WebhookContent, secrets: readonly Secret[]): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000);
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}
