import type { ProviderReason } from '../../alert/reason.ts';
import { recipientOf } from '../../explain/story.ts';
import type { MessageHistory } from '../../ledger/history/history.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatTime } from '../../text/format-time.ts';
import type { LiveAnswer, LiveAnswers } from '../run/explain-live.ts';

/** Formats the live status below a history: one line per message that a provider may have. */
export function describeLive(messages: readonly MessageHistory[], answers: LiveAnswers): string {
  const rows = messages.flatMap((message) => {
    const answer = answers.get(message.id);
    return answer === undefined ? [] : [[recipientOf(message), describeAnswer(answer)]];
  });
  if (rows.length === 0) return 'No provider may have a message of it, so there is none to query.';
  return messages.length === 1 ? (rows[0]?.[1] as string) : formatTable(rows);
}

/** Returns one sentence without a full stop, such as `twilio-main reports: delivered 2026-11-20 02:14:10 UTC`. */
export function describeAnswer({ provider, status, numberKnown }: LiveAnswer): string {
  const reports = `${provider} reports:`;
  switch (status.kind) {
    case 'cannot_be_asked':
      return status.configured
        ? `${provider} cannot be queried: this vendor does not report delivery status`
        : `${provider} cannot be queried: the config no longer has it`;
    case 'delivered':
      return `${reports} delivered${status.at === undefined ? '' : ` ${formatTime(status.at)}`}`;
    case 'undelivered':
      return `${reports} not delivered${status.code === undefined ? '' : ` (${status.code})`}`;
    case 'pending':
      return `${reports} accepted, delivery not yet known`;
    case 'absent':
      return `${reports} it never accepted this message`;
    case 'unclear': {
      const why = Object.hasOwn(UNCLEAR, status.error.reason) ? UNCLEAR[status.error.reason] : undefined;
      const wantsNumber = !numberKnown && status.error.reason === 'unknown_outcome' && !UNHELPED.includes(status.error.code ?? '');
      const hint = wantsNumber ? '; it may require the number: add --to with the full number' : '';
      return `${provider}: unclear, ${why ?? 'its answer has no delivery status'} (${status.error.message})${hint}`;
    }
  }
}

/** Codes for which the number does not help: the vendor finds a message only by its own id, which is unknown. */
const UNHELPED: readonly string[] = ['NO_VENDOR_ID', 'NOTHING_TO_ASK_BY'];

/** Reasons why a vendor gave no status. */
const UNCLEAR: Readonly<Partial<Record<ProviderReason, string>>> = {
  auth: 'it rejects our credentials, or they lack the permission',
  balance: 'the account balance is exhausted',
  throttled: 'it throttles our requests',
  unavailable: 'it is unreachable or unavailable',
};

/** Returns the status as JSON fields; `null` for a message that no provider may have. */
export function liveFields(message: MessageHistory, answers: LiveAnswers): object | null {
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
