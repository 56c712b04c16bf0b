import type { ConsoleApi } from '../../http/console/api.ts';
import type { MessageTrace } from '../../ledger/history/trace.ts';
import type { OperatorWord } from '../../pipeline/unknown/unknown-resolver.ts';
import { tell } from '../ask.ts';
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
    what: (who) => `The text to ${who} is written down as accepted. Nothing is sent, and it is not asked about again.`,
  },
  {
    word: 'not_sent',
    label: 'It was not sent',
    what: (who) => `The text to ${who} is written down as failed. Nothing is sent; ${who} stays untold unless somebody tells them.`,
  },
  {
    word: 'resend',
    label: 'Not sent: send again',
    what: (who) => `${who} is texted again at once. If the first text did go out after all, the phone gets it twice.`,
    isGrave: true,
  },
];

/** What a person who found out can say of a message of which nobody knew. */
export function UnknownActions({ message, onAsk }: { readonly message: MessageTrace; readonly onAsk: (question: Question) => void }) {
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
  const settled: ConsoleApi['resolveUnknown'] = await tell<'resolveUnknown'>(`unknown/${encodeURIComponent(id)}`, { word });
  if (settled.kind === 'kept') throw new Fault(409, `Somebody, or a receipt, was faster: it is ${settled.state ?? 'forgotten'} now.`);
}
