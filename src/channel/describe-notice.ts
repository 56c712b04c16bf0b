import { cutText } from '../alert/segments.ts';
import type { Notice } from './channel.ts';

/** The markup of a chat. Alert text is escaped for it, so that it mentions no user and forms no link that hides its target. */
type Dialect = 'slack' | 'mattermost' | 'rocketchat' | 'discord';

/** Invisible character that breaks up markup. */
const PART = '\u200b';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const withEntities = (text: string) => text.replace(/[&<>]/g, (char) => ENTITIES[char] as string);

/** Breaks up `@name`, `@all`, `@here` unless an e-mail address precedes; some chats read full-width and small @ as @. */
const withoutMentions = (text: string) => text.replace(/(?<![\p{L}\p{N}_])[@\uff20\ufe6b](?=[\p{L}\p{N}_])/gu, `$&${PART}`);
/** Breaks up words that notify a whole channel, after any character. */
const withoutCalls = (text: string) => text.replace(/[@\uff20\ufe6b](?=(?:all|channel|everyone|here)\b)/gi, `$&${PART}`);
/** Breaks up `[words](address)`, `![](address)`, `[words][name]` and `[name]: address`. */
const withoutMarkdownLinks = (text: string) => text.replace(/\](?=[([:])/g, `]${PART}`);
const withoutHiddenTargets = (text: string) => withoutCalls(withoutMentions(withoutMarkdownLinks(text)));

/** Escapes Markdown with backslashes. URLs stay as they are, or they would not open. */
function escapeMarkdown(text: string, special: RegExp): string {
  const pattern = new RegExp(`(https?:\\/\\/[^\\s<>()[\\]|\`*~\\\\]+)|${special.source}`, 'g');
  return text.replace(pattern, (found, url?: string) => url ?? `\\${found}`);
}

/**
 * Escaping per chat:
 * - Slack: control characters become entities, as https://api.slack.com/reference/surfaces/formatting#escaping
 * requires. Many chats accept Slack's webhooks and read Markdown, so Markdown and @ are broken up as well.
 * - Mattermost: Markdown, and Slack's `<address|words>`, which no backslash escapes:
 * https://developers.mattermost.com/integrate/webhooks/incoming/#slack-compatibility
 * - Rocket.Chat: its own Markdown without entities, and `<address|words>`.
 * - Discord: Markdown; mentions have no effect, since `allowed_mentions` is empty.
 */
const RULES: Readonly<Record<Dialect, (text: string) => string>> = {
  slack: (text) => withEntities(withoutHiddenTargets(text)),
  mattermost: (text) => withEntities(withoutCalls(withoutMentions(escapeMarkdown(text, /[\\*_~`|[\]()#!$]/)))),
  rocketchat: (text) => withoutHiddenTargets(text).replace(/<(?=\S)/g, `<${PART}`),
  discord: (text) => escapeMarkdown(text, /[\\*_~`|<>[\]()#@]/),
};

export function neutralise(text: string, dialect: Dialect): string {
  return RULES[dialect](text);
}

/** Longer than any SMS, and within the limit of every channel. */
const LONGEST_TEXT = 1600;
const MOST_LABELS = 10;
const LONGEST_FACT = 100;

/** First line of a notice, such as `CRITICAL: Database unreachable`. */
export function headline({ severity, text }: Notice): string {
  return `${severity.toUpperCase()}: ${cutText(text, LONGEST_TEXT)}`;
}

/** Further lines of a notice: instance, source, labels, alert id and route. */
export function facts({ source, instance, labels, alertId, route, receivedAt, step, steps }: Notice): string[] {
  const pairs = Object.entries(labels).map(([name, value]) => cutText(`${name}=${value}`, LONGEST_FACT));
  const more = pairs.length > MOST_LABELS ? [`+${pairs.length - MOST_LABELS} more`] : [];
  const shown = [...pairs.slice(0, MOST_LABELS), ...more].join(', ');
  return [
    ...(instance === undefined ? [] : [`instance: ${cutText(instance, LONGEST_FACT)}`]),
    ...(source === undefined ? [] : [`source: ${cutText(source, LONGEST_FACT)}`]),
    ...(shown === '' ? [] : [`labels: ${shown}`]),
    `alert: ${alertId}, route ${cutText(route, LONGEST_FACT)}${steps > 1 ? `, step ${step} of ${steps}` : ''}, since ${new Date(receivedAt).toISOString()}`,
  ];
}

/** The whole notice as plain text. */
function plainText(notice: Notice): string {
  return [headline(notice), ...facts(notice)].join('\n');
}

/**
 * Renders a notice with `write`, within `maxCharacters`. A longer notice is truncated before its last line, which
 * contains the alert id. No character of the alert and no escape sequence of `write` is split.
 */
export function textWithin(notice: Notice, maxCharacters: number, write: (text: string) => string): string {
  const lines = plainText(notice).split('\n');
  const head = lines.slice(0, -1).join('\n');
  const compose = (length: number) => write([cutText(head, length), ...lines.slice(-1)].join('\n'));
  if (compose(head.length).length <= maxCharacters) return compose(head.length);
  let fits = 0;
  let tooLong = head.length;
  while (fits + 1 < tooLong) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (compose(middle).length <= maxCharacters) fits = middle;
    else tooLong = middle;
  }
  return compose(fits);
}
