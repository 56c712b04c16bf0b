import { cutText } from '../alert/segments.ts';
import type { Notice } from './channel.ts';

/** How a chat reads a message, so that the words of an alert mention no person and form no link that hides its address. */
type Dialect = 'slack' | 'mattermost' | 'rocketchat' | 'discord';

/** Shows nothing, and parts what a chat would read as one. */
const PART = '\u200b';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const withEntities = (text: string) => text.replace(/[&<>]/g, (char) => ENTITIES[char] as string);

/** `@name`, `@all`, `@here` behind anything that is not the head of an e-mail address; full-width and small @ are read as @ by some. */
const withoutMentions = (text: string) => text.replace(/(?<![\p{L}\p{N}_])[@\uff20\ufe6b](?=[\p{L}\p{N}_])/gu, `$&${PART}`);
/** The words that call a whole channel do so behind anything. */
const withoutCalls = (text: string) => text.replace(/[@\uff20\ufe6b](?=(?:all|channel|everyone|here)\b)/gi, `$&${PART}`);
/** `[words](address)`, `![](address)`, `[words][name]` and `[name]: address`. */
const withoutMarkdownLinks = (text: string) => text.replace(/\](?=[([:])/g, `]${PART}`);
const withoutHiddenTargets = (text: string) => withoutCalls(withoutMentions(withoutMarkdownLinks(text)));

/** What Markdown gives a meaning gets a backslash before it. An address is left as it is, or it would not open. */
function escapeMarkdown(text: string, special: RegExp): string {
  const pattern = new RegExp(`(https?:\\/\\/[^\\s<>()[\\]|\`*~\\\\]+)|${special.source}`, 'g');
  return text.replace(pattern, (found, url?: string) => url ?? `\\${found}`);
}

/**
 * - Slack: control characters become entities, as https://api.slack.com/reference/surfaces/formatting#escaping asks. Many
 *   chats take Slack's webhooks and read Markdown, so what Markdown and @ would do is taken apart as well.
 * - Mattermost: Markdown, and Slack's `<address|words>`, which no backslash escapes:
 *   https://developers.mattermost.com/integrate/webhooks/incoming/#slack-compatibility
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

/** Ample for any text that a phone could show, and within what every channel takes. */
const LONGEST_TEXT = 1600;
const MOST_LABELS = 10;
const LONGEST_FACT = 100;

/** `CRITICAL: Database unreachable`. */
export function headline({ severity, text }: Notice): string {
  return `${severity.toUpperCase()}: ${cutText(text, LONGEST_TEXT)}`;
}

/** What else is known, a line each: where it comes from, its labels, and how it is called here. */
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

/** The whole of it as plain text. */
function plainText(notice: Notice): string {
  return [headline(notice), ...facts(notice)].join('\n');
}

/**
 * The whole of it within so many characters, as `write` spells it. What is too long loses the end of its head, never the
 * last line, which holds the alert's id. No character of the alert and no escape of `write` is cut.
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
