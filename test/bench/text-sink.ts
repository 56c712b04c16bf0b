import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startHttpVendor } from '../support/vendors/http-vendor.ts';

export interface Arrivals {
  /** Requests, and phones among them. */
  readonly requests: number;
  readonly phones: number;
}

export interface TextSink {
  /** Our `http` provider posts to `/send`, Kannel gets `/mt`. */
  readonly url: string;
  arrivals(): Promise<Arrivals>;
  stop(): Promise<void>;
}

/** A vendor that accepts every text, for Kannel and for us, in a process of its own. */
export async function startTextSink(): Promise<TextSink> {
  const child = fork(fileURLToPath(import.meta.url), ['text-sink']);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return {
    url,
    arrivals: async () => (await (await fetch(`${url}/arrivals`)).json()) as Arrivals,
    stop: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  const phones = new Set<string>();
  let requests = 0;
  const { url } = await startHttpVendor(({ path, body }) => {
    if (path === '/arrivals') return { status: 200, body: JSON.stringify({ requests, phones: phones.size }) };
    requests += 1;
    const ofKannel = /^\/mt\?to=([^&]*)/.exec(path)?.[1];
    phones.add(ofKannel ?? (JSON.parse(body) as { to: string }).to);
    return { status: 200, body: ofKannel === undefined ? `{"id":"v-${requests}"}` : `taken id=v-${requests}` };
  });
  process.send({ url });
  // The process that started it has ended.
  process.on('disconnect', () => process.exit(0));
}
