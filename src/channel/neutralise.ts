/** How a chat reads a message, so that the words of an alert mention no person and form no link that hides its address. */
export type Dialect = 'slack' | 'mattermost' | 'rocketchat' | 'discord';

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
