import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';
import { observedNow } from './faults.ts';
import type { ProviderHit } from './history.ts';
import { alertIdIn } from './traffic.ts';

/** What a vendor does with a text, and what that makes of it. */
export interface Behaviour {
  readonly answer: ProviderHit['answer'];
  readonly reply: Reply;
  readonly afterMs?: number;
  /** Interim answers, such as `100 Continue`, that nothing asked for. */
  readonly before?: (response: ServerResponse) => void;
}

export interface RecordingVendor {
  readonly name: string;
  readonly url: string;
  /** Every text that arrived, in order. */
  readonly hits: readonly ProviderHit[];
  /** Requests of a process that have no whole answer yet. */
  openCalls(process: string): number;
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
  const hits: { -readonly [Key in keyof ProviderHit]: ProviderHit[Key] }[] = [];
  const open = new Set<ProviderHit>();
  let behaviour = () => accepts();
  const vendor = await startHttpVendor(async ({ body, headers }, response) => {
    const { ref, to, text } = JSON.parse(body) as { ref: string; to: string; text: string };
    const { answer, reply, afterMs = 0, before } = behaviour();
    const alertId = alertIdIn(text);
    const process = String(headers[PROCESS_HEADER]);
    const hit: (typeof hits)[number] = { messageId: ref, provider: name, process, phone: to, atMs: observedNow(), answer };
    if (alertId !== undefined) hit.alertId = alertId;
    hits.push(hit);
    open.add(hit);
    response.once('finish', () => {
      hit.answeredAtMs = observedNow();
    });
    response.once('close', () => {
      open.delete(hit);
      if (hit.answeredAtMs === undefined) hit.hungUpAtMs = observedNow();
    });
    before?.(response);
    if (afterMs > 0) await pause(afterMs);
    return reply;
  });
  return {
    name,
    url: vendor.url,
    hits,
    openCalls: (process) => [...open].filter((hit) => hit.process === process).length,
    behave: (next) => {
      behaviour = next;
    },
    close: vendor.close,
  };
}

const PROCESS_HEADER = 'x-process';
/** Environment variable that holds the name by which the vendors know a process. */
export const PROCESS_NAME = 'CHAOS_PROCESS';

/** A line of a config's `providers`. */
export function providerOf(name: string, url: string, timeout = '1s'): string {
  const body = 'body: { to: "{to}", text: "{text}", ref: "{id}" }';
  return `  ${name}: { type: http, url: "${url}/send", timeout: ${timeout}, messageId: /id, headers: { ${PROCESS_HEADER}: "\${${PROCESS_NAME}:-none}" }, ${body} }`;
}
