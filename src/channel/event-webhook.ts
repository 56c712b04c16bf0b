import { createHmac } from 'node:crypto';
import type { Secret } from '../setting/secret.ts';
import type { EventWebhook } from './event-webhook-config.ts';
import { judgeExchange, openTransport, postJson } from './post-json.ts';

/** What a receiver made of an event. */
export type Told =
  | { readonly kind: 'accepted' }
  /** `gone`: it wants no more of it. `code`: what went wrong, fit to be logged, such as `http_503`. */
  | { readonly kind: 'refused'; readonly gone: boolean; readonly retryAt?: Date | undefined; readonly code: string };

/** Somebody's own system, which is told what became of alerts and messages. */
export interface EventReceiver {
  /** One request, within a bounded time. `id` is the same each time that an event is told again. */
  tell(event: { readonly id: string; readonly body: unknown }, signal: AbortSignal): Promise<Told>;
  close(): Promise<void>;
}

export function openEventReceiver({ url, secret, headers }: EventWebhook, now: () => Date): EventReceiver {
  const transport = openTransport();
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]));
  return {
    async tell({ id, body }, signal) {
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
  /** Of this attempt. */
  readonly at: Date;
  /** As it goes on the wire, byte for byte. */
  readonly body: string;
}

/**
 * The three headers of Standard Webhooks, with a signature by every secret, so that a receiver may change from one to the next:
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
