import { readJson } from '../provider/read-answer.ts';
import type { HttpAnswer } from '../provider/transport.ts';
import type { Channel, ChannelDeps } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';
import { plainText } from './describe-notice.ts';
import { judgeExchange, openTransport, postJson, type Words } from './post-json.ts';

type DiscordConfig = Extract<ChannelConfig, { type: 'discord' }>;

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
export function createDiscordChannel(name: string, { type, url }: DiscordConfig, { now }: ChannelDeps): Channel {
  const transport = openTransport();
  return {
    name,
    type,
    async notify(notice, signal) {
      const body = { content: cut(neutralise(plainText(notice))), allowed_mentions: { parse: [] } };
      return judgeExchange(await postJson(transport, url, body, signal), now(), readRefusal);
    },
    close: () => transport.close(),
  };
}

/** Longer contents are refused. */
const MAX_CONTENT = 2000;

/** Somebody else's words stay words: no heading, no masked link, no mention. An address is left as it is, or it would not open. */
function neutralise(text: string): string {
  return text.replace(/(https?:\/\/[^\s<>()[\]]+)|[\\*_~`|<>[\]()#@]/g, (found, url?: string) => url ?? `\\${found}`);
}

function cut(content: string): string {
  if (content.length <= MAX_CONTENT) return content;
  return `${content.slice(0, MAX_CONTENT - 1).replace(/[\ud800-\udbff]$|\\+$/, '')}…`;
}

/** `{ "message": "…", "code": 10015 }`; when throttled `{ "retry_after": 0.529, … }`, in seconds: https://discord.com/developers/docs/topics/rate-limits */
function readRefusal({ status, body }: HttpAnswer): Words {
  const { code, retry_after } = (readJson(body) ?? {}) as { code?: unknown; retry_after?: unknown };
  const seconds = status === 429 && typeof retry_after === 'number' && retry_after >= 0 ? Math.min(retry_after, MAX_WAIT_S) : undefined;
  return { code: code === 0 ? undefined : code, retryAfterMs: seconds === undefined ? undefined : seconds * 1000 };
}

const MAX_WAIT_S = 86_400;
