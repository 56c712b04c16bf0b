import { createHmac } from 'node:crypto';
import type { Secret } from '../setting/secret.ts';

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
