import { createTransport } from 'nodemailer';
import { maskNumbers } from '../alert/phone/phone.ts';
import { cutText } from '../alert/segments.ts';
import { isLoopback } from '../setting/loopback.ts';
import type { Channel, ChannelDeps, Notice, NoticeProgress, Notified } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';
import { facts, headline } from './describe-notice.ts';

type EmailConfig = Extract<ChannelConfig, { type: 'email' }>;

/** Deadline of one mail, from connect to the last reply of the server. */
const TIMEOUT_MS = 30_000;
/** Deadline of each step, so that an unreachable server is detected early. */
const STEP_TIMEOUT_MS = 10_000;

/**
 * Sends one mail per notice, in one SMTP transaction: to all addresses or, when the server rejects some, to the rest.
 * Addresses are only in the envelope, so that recipients do not see each other.
 */
export function createEmailChannel(name: string, { type, smtp, from, to }: EmailConfig, { openAddresses }: ChannelDeps): Channel {
  const url = smtp.reveal();
  const mailer = createTransport({
    url,
    requireTLS: mustEncrypt(new URL(url)),
    connectionTimeout: STEP_TIMEOUT_MS,
    greetingTimeout: STEP_TIMEOUT_MS,
    socketTimeout: STEP_TIMEOUT_MS,
    dnsTimeout: STEP_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    name,
    type,
    async notify(notice, signal) {
      const earlier = notice.progress;
      const addresses = earlier?.remaining ?? openAddresses(to.length > 0 ? to : notice.contacts.map((contact) => `contact:${contact}`));
      const [only] = addresses;
      if (only === undefined) return { kind: 'refused', retry: false, code: 'no_address' };
      const mail = {
        ...compose(notice, name),
        from,
        to: addresses.length === 1 && earlier === undefined ? only : 'undisclosed-recipients:;',
        envelope: { from, to: [...addresses] },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      };
      try {
        const { rejectedErrors = [] } = await mailer.sendMail(mail);
        return judgeAddresses(addresses, rejectedErrors, earlier);
      } catch (error) {
        const { rejectedErrors = [] } = error as { rejectedErrors?: readonly RejectedAddress[] };
        return rejectedErrors.length < addresses.length ? classifyMailError(error) : judgeAddresses(addresses, rejectedErrors, earlier);
      }
    },
    close: async () => mailer.close(),
  };
}

/**
 * Whether TLS is required: credentials are never sent in clear text, whatever the server advertises.
 * `?requireTLS=false` in the URL permits it.
 */
function mustEncrypt({ username, hostname, protocol }: URL): boolean {
  return protocol === 'smtp:' && username !== '' && !isLoopback(hostname.replace(/^\[|\]$/g, ''));
}

const LONGEST_SUBJECT = 120;

function compose(notice: Notice, channel: string) {
  const { id, severity, text } = notice;
  const [firstLine = ''] = text.split(/[\r\n]/, 1);
  return {
    subject: `[${severity.toUpperCase()}] ${cutText(firstLine, LONGEST_SUBJECT)}`,
    text: [headline(notice), '', ...facts(notice), ''].join('\n'),
    // The same id on a retry: mail programs show the mail once.
    messageId: `<${id}@sms-dispatch.invalid>`,
    headers: {
      // Suppresses out-of-office replies: https://www.rfc-editor.org/rfc/rfc3834#section-5 and the equivalent header of
      // Exchange.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      // Lets mail filters sort by channel: https://www.rfc-editor.org/rfc/rfc2919
      'List-ID': `<${channel}.sms-dispatch.invalid>`,
      'X-Priority': severity === 'critical' ? '1' : '3',
    },
  };
}

/** The error as nodemailer reports it; its message quotes the server. */
interface RejectedAddress {
  readonly recipient?: unknown;
  readonly responseCode?: unknown;
}

/** Judges each address by itself: temporary rejections are retried, permanent ones are not. */
function judgeAddresses(
  addresses: readonly string[],
  rejected: readonly RejectedAddress[],
  { refused: before, accepted: took }: Pick<NoticeProgress, 'refused' | 'accepted'> = { refused: [], accepted: 0 },
): Notified {
  const outcomes = addresses.flatMap((address) => {
    const found = rejected.find(({ recipient }) => recipient === address);
    if (found === undefined) return [];
    const status = typeof found.responseCode === 'number' ? found.responseCode : undefined;
    return [{ address, code: status === undefined ? 'smtp_refused' : `smtp_${status}`, temporary: status === undefined || status < 500 }];
  });
  const accepted = took + addresses.length - outcomes.length;
  const later = outcomes.filter(({ temporary }) => temporary);
  const refused = [
    ...before,
    ...outcomes.filter(({ temporary }) => !temporary).map(({ address, code }) => `${maskAddress(address)}: ${code}`),
  ];
  if (later[0] !== undefined) {
    const progress = { remaining: later.map(({ address }) => address), refused, accepted };
    return { kind: 'refused', retry: true, code: later[0].code, ...(accepted + refused.length === 0 ? {} : { progress }) };
  }
  if (accepted === 0) return { kind: 'refused', retry: false, code: outcomes[0]?.code ?? 'smtp_refused' };
  return { kind: 'accepted', ...(refused.length === 0 ? {} : { detail: refused.join(', ') }) };
}

/** Masks an address as `a***@example.com`. */
function maskAddress(address: string): string {
  return maskNumbers(address.replace(/^(.).*(?=@)/u, '$1***'));
}

/** Errors that a retry does not fix. */
const PERMANENT = ['EAUTH', 'ENOAUTH', 'EENVELOPE', 'EMESSAGE', 'ECONFIG', 'EREQUIRETLS'];

/** Returns only codes: messages and replies quote addresses. https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1 */
function classifyMailError(error: unknown): Notified {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const word = typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,31}$/.test(code) ? code : 'UNKNOWN';
  if (typeof responseCode !== 'number') return { kind: 'refused', retry: !PERMANENT.includes(word), code: word };
  return { kind: 'refused', retry: responseCode < 500, code: `smtp_${responseCode}` };
}
