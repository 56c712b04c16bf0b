import type { ProviderReason } from '../../alert/reason.ts';
import { recipientOf } from '../../explain/story.ts';
import type { MessageTrace } from '../../ledger/history/trace.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatTime } from '../../text/format-time.ts';
import type { LiveAnswer, LiveAnswers } from '../commands/explain-live.ts';

/** The lines beneath a trace: one for each message that a provider may have. */
export function describeLive(messages: readonly MessageTrace[], answers: LiveAnswers): string {
  const rows = messages.flatMap((message) => {
    const answer = answers.get(message.id);
    return answer === undefined ? [] : [[recipientOf(message), describeAnswer(answer)]];
  });
  if (rows.length === 0) return 'No provider may have a text of it, so there is nobody to ask.';
  return messages.length === 1 ? (rows[0]?.[1] as string) : formatTable(rows);
}

/** One sentence without a full stop, such as `twilio-main says now: delivered 2026-11-20 02:14:10 UTC`. */
export function describeAnswer({ provider, status, numberKnown }: LiveAnswer): string {
  const says = `${provider} says now:`;
  switch (status.kind) {
    case 'cannot_be_asked':
      return status.configured
        ? `${provider} cannot be asked: this vendor does not tell what became of a text`
        : `${provider} cannot be asked: the config no longer has it`;
    case 'delivered':
      return `${says} delivered${status.at === undefined ? '' : ` ${formatTime(status.at)}`}`;
    case 'undelivered':
      return `${says} not delivered${status.code === undefined ? '' : ` (${status.code})`}`;
    case 'pending':
      return `${says} it has the text, and does not know yet whether it arrived`;
    case 'absent':
      return `${says} it never took this text`;
    case 'unclear': {
      const why = Object.hasOwn(UNCLEAR, status.error.reason) ? UNCLEAR[status.error.reason] : undefined;
      const wantsNumber = !numberKnown && status.error.reason === 'unknown_outcome' && !UNHELPED.includes(status.error.code ?? '');
      const hint = wantsNumber ? '; perhaps it must be told the number: add --to with the whole of it' : '';
      return `${provider}: unclear, ${why ?? 'its answer does not say what became of the text'} (${status.error.message})${hint}`;
    }
  }
}

/** What no number would mend: the vendor finds a text only by its own id, which nobody knows. */
const UNHELPED: readonly string[] = ['NO_VENDOR_ID', 'NOTHING_TO_ASK_BY'];

/** Why a vendor did not say. */
const UNCLEAR: Readonly<Partial<Record<ProviderReason, string>>> = {
  auth: 'it refuses our credentials, or they may not ask',
  balance: 'it wants money first',
  throttled: 'it asks us to slow down',
  unavailable: 'it could not be reached, or cannot answer now',
};

/** The same for a program; `null` for a message that no provider may have. */
export function liveFields(message: MessageTrace, answers: LiveAnswers): object | null {
  const answer = answers.get(message.id);
  if (answer === undefined) return null;
  const { provider, status } = answer;
  switch (status.kind) {
    case 'unclear':
      return { provider, status: status.kind, reason: status.error.reason, code: status.error.code ?? null };
    case 'cannot_be_asked':
      return { provider, status: status.kind };
    default: {
      const { kind, ...known } = status;
      return { provider, status: kind, ...known };
    }
  }
}
