import type { ConsoleApi } from '../../http/console/api.ts';
import type { MessageHistory } from '../../ledger/history/history.ts';
import type { OperatorWord } from '../../pipeline/unknown/unknown-resolver.ts';
import { post } from '../ask.ts';
import { Fault } from '../fault.ts';
import type { Question } from './confirm.tsx';

const CHOICES: readonly {
  readonly word: OperatorWord;
  readonly label: string;
  readonly what: (who: string) => string;
  readonly isGrave?: boolean;
}[] = [
  {
    word: 'sent',
    label: 'It was sent',
    what: (who) => `The message to ${who} is recorded as accepted. Nothing is sent, and its status is not queried again.`,
  },
  {
    word: 'not_sent',
    label: 'It was not sent',
    what: (who) => `The message to ${who} is recorded as failed. Nothing is sent; ${who} is not notified.`,
  },
  {
    word: 'resend',
    label: 'Not sent: send again',
    what: (who) => `The message to ${who} is sent again immediately. If the first one was sent after all, the phone receives it twice.`,
    isGrave: true,
  },
];

/** Actions for resolving a message with unknown outcome. */
export function UnknownActions({ message, onAsk }: { readonly message: MessageHistory; readonly onAsk: (question: Question) => void }) {
  const who = message.contact ?? message.to;
  return (
    <fieldset class="actions">
      <legend class="hidden">What became of the text to {who}</legend>
      {CHOICES.map(({ word, label, what, isGrave = false }) => (
        <button
          key={word}
          type="button"
          onClick={() => onAsk({ title: `${label}?`, what: what(who), yes: label, isGrave, act: () => settle(message.id, word) })}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}

async function settle(id: string, word: OperatorWord): Promise<void> {
  const settled: ConsoleApi['resolveUnknown'] = await post<'resolveUnknown'>(`unknown/${encodeURIComponent(id)}`, { word });
  if (settled.kind === 'kept')
    throw new Fault(409, `Already resolved by another user or a receipt: it is ${settled.state ?? 'expired'} now.`);
}
