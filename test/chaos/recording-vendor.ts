import { setTimeout as pause } from 'node:timers/promises';
import { type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';
import type { ProviderHit } from './history.ts';

/** What a vendor does with a text, and what that makes of it. */
export interface Behaviour {
  readonly answer: ProviderHit['answer'];
  readonly reply: Reply;
  readonly afterMs?: number;
}

export interface RecordingVendor {
  readonly name: string;
  readonly url: string;
  /** Every text that arrived, in order. */
  readonly hits: ProviderHit[];
  /** From now on. */
  behave(behaviour: () => Behaviour): void;
  close(): Promise<void>;
}

export const accepts = (afterMs = 0): Behaviour => ({ answer: 'accepted', reply: { status: 200, body: '{"id":"v-1"}' }, afterMs });
/** It has the text; nobody hears of it. */
export const neverAnswers: Behaviour = { answer: 'silence', reply: 'hang' };
export const resets: Behaviour = { answer: 'silence', reply: 'reset' };
/** A 4xx is a no; with a 5xx nobody knows. */
export const says = (status: number, headers: Readonly<Record<string, string>> = {}): Behaviour => ({
  answer: status < 500 ? 'refused' : 'silence',
  reply: { status, headers, body: '{}' },
});

/** A vendor for providers of type `http` as {@link providerOf} has them: it knows each text by our message id. */
export async function startRecordingVendor(name: string): Promise<RecordingVendor> {
  const hits: ProviderHit[] = [];
  let behaviour = () => accepts();
  const vendor = await startHttpVendor(async ({ body }) => {
    const { ref, to } = JSON.parse(body) as { ref: string; to: string };
    const { answer, reply, afterMs = 0 } = behaviour();
    hits.push({ messageId: ref, provider: name, phone: to, atMs: Date.now(), answer });
    if (afterMs > 0) await pause(afterMs);
    return reply;
  });
  return {
    name,
    url: vendor.url,
    hits,
    behave: (next) => {
      behaviour = next;
    },
    close: vendor.close,
  };
}

/** A line of a config's `providers`. */
export function providerOf(name: string, url: string, timeout = '1s'): string {
  return `  ${name}: { type: http, url: "${url}/send", timeout: ${timeout}, messageId: /id, body: { to: "{to}", text: "{text}", ref: "{id}" } }`;
}
