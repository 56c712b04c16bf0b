import { OUR_REASONS, type OurReason, PROVIDER_REASONS } from '../../src/alert/reason.ts';
import { reasonWords } from '../../src/explain/reason-words.ts';
import { type AlertHistory, MESSAGE_STATES, type MessageState } from '../../src/ledger/history/history.ts';
import { DEFERRED_REASONS, type DeferredReason } from '../../src/pipeline/outcome.ts';
import type { StageName } from '../../src/pipeline/stage.ts';
import { ProviderError } from '../../src/provider/contract/provider-error.ts';

/** The stages that give a reason, by the names that the trace has for them; the compiler asks for each. */
const DECIDED_BY: Readonly<Record<OurReason | DeferredReason, readonly StageName[]>> = {
  below_severity: ['severity-gate'],
  duplicate: ['dedupe-gate'],
  resolved: ['resolve-gate', 'dispatch'],
  acknowledged: ['resolve-gate', 'dispatch'],
  expired: ['expiry-gate', 'dispatch'],
  no_recipient: ['recipients'],
  no_consent: ['consent-gate'],
  opted_out: ['opt-out-gate', 'dispatch'],
  country_not_allowed: ['country-gate', 'dispatch'],
  rate_cap_recipient: ['rate-cap'],
  rate_cap_hour: ['rate-cap'],
  rate_cap_source: ['rate-cap'],
  rate_cap_country: ['rate-cap'],
  rate_cap_route: ['rate-cap'],
  budget: ['budget', 'dispatch'],
  quiet_hours: ['quiet-hours', 'dispatch'],
  digested: ['rate-cap', 'quiet-hours', 'digest'],
  simulated: ['provider-gate'],
  malformed: ['parse', 'ledger'],
  escalation: ['escalation'],
  digest: ['digest'],
  throttled: ['dispatch'],
  unknown_outcome: ['ledger', 'dispatch'],
};

const STATES: Readonly<Record<MessageState, string>> = {
  queued: 'It waits for a dispatcher.',
  deferred: 'It comes back at `until`; no attempt was spent. Its reason says what it waits for.',
  sending: 'A provider was asked and has not answered yet.',
  accepted: 'The provider accepted it. Only a receipt confirms delivery.',
  delivered: 'A receipt says that it arrived.',
  undelivered: 'The provider had said yes, and a receipt says that it did not arrive.',
  unknown: 'It may have been sent; the outcome is not known. It is not sent again by itself. `sms-dispatch dead list`, `unknown resolve`',
  suppressed: 'Decided not to send, for its reason.',
  expired: 'Its time was up before it could be sent; `lastReason` says what it waited for last. `sms-dispatch dead list`',
  cancelled: 'The problem was resolved or acknowledged before it was sent.',
  failed: 'No provider took it, and none would later. `sms-dispatch dead list`',
};

const OUTCOMES: Readonly<Record<AlertHistory['outcome'], string>> = {
  pending: 'It waits for a router.',
  routed: 'It became messages, or notices of its escalation ladder.',
  suppressed: 'No message is sent, for its reason.',
  malformed: 'It is not a valid alert; it is among the dead with what is wrong with it.',
};

const HEAD = `# Reasons, outcomes and states

The same words stand in traces (\`GET /v1/alerts/{id}\`, \`sms-dispatch explain\`), in logs and in the labels of metrics. The sets are
closed; changing a word is a breaking change. This page is written by \`npm run docs\`, from what \`explain\` says.
`;

/** `docs/reasons.md` as it should read. */
export function renderReasons(): string {
  const ours = OUR_REASONS.map((reason) => [code(reason), stages(reason), because(reason), todo(reason)]);
  const waiting = DEFERRED_REASONS.map((reason) => [code(reason), stages(reason), because(reason)]);
  const theirs = PROVIDER_REASONS.map((reason) => {
    const { failover, retry } = new ProviderError(reason);
    return [code(reason), because(reason), reason === 'recipient' ? 'once, for a valid number' : yes(failover), yes(retry), todo(reason)];
  });
  return [
    HEAD,
    section('What we decide', 'Not texted, because …', ['reason', 'decided by', 'because', 'what to do'], ours),
    section(
      'What a provider did',
      'An unknown outcome is resent or held as `onUnknown` of its route says; a code of a vendor may depart from its class.',
      ['reason', 'because', 'next provider now', 'again later', 'what to do'],
      theirs,
    ),
    section('What a deferred message waits for', 'It comes back by itself, at `until`.', ['reason', 'decided by', 'because'], waiting),
    section(
      'Outcomes of an alert',
      '',
      ['outcome', 'means'],
      Object.entries(OUTCOMES).map(([word, means]) => [code(word), means]),
    ),
    section(
      'States of a message',
      '',
      ['state', 'means'],
      MESSAGE_STATES.map((state) => [code(state), STATES[state]]),
    ),
  ].join('\n');
}

function section(title: string, lead: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [`## ${title}`, '', ...(lead === '' ? [] : [lead, '']), line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

const code = (word: string) => `\`${word}\``;
const yes = (is: boolean) => (is ? 'yes' : 'no');
const stages = (reason: OurReason | DeferredReason) => DECIDED_BY[reason].join(', ');
const because = (reason: string) => cell(reasonWords(reason).because);
const todo = (reason: string) => cell(reasonWords(reason).todo ?? '–');
const cell = (text: string) => text.replaceAll('|', '\\|');
