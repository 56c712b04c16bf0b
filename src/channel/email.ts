import { createTransport } from 'nodemailer';
import { cutText } from '../alert/shorten-text.ts';
import { isLoopback } from '../config/loopback.ts';
import type { Channel, ChannelDeps, Notice, Notified } from './channel.ts';
import type { ChannelConfig } from './channel-config.ts';
import { facts, headline } from './describe-notice.ts';

type EmailConfig = Extract<ChannelConfig, { type: 'email' }>;

/** Bounds one mail, from connect to the server's last word. */
const TIMEOUT_MS = 30_000;
/** Of each step of it, so that a server that is away is known to be. */
const STEP_TIMEOUT_MS = 10_000;

/**
 * One mail a notice, in one SMTP transaction: all its addresses or, where the server refuses some, the rest. They stand in
 * the envelope only, so that nobody learns who else was told.
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
      const addresses = openAddresses(to.length > 0 ? to : notice.contacts.map((contact) => `contact:${contact}`));
      const [only] = addresses;
      if (only === undefined) return { kind: 'refused', retry: false, code: 'no_address' };
      const mail = {
        ...compose(notice, name),
        from,
        to: addresses.length === 1 ? only : 'undisclosed-recipients:;',
        envelope: { from, to: [...addresses] },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      };
      try {
        const { rejected } = await mailer.sendMail(mail);
        if (rejected.length === 0) return { kind: 'accepted' };
        return { kind: 'accepted', detail: `the server refused ${rejected.length} of ${addresses.length} addresses` };
      } catch (error) {
        return classifyMailError(error);
      }
    },
    close: async () => mailer.close(),
  };
}

/** A password never leaves in the clear, whatever the server says that it can; `?requireTLS=false` in the address lets it. */
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
    // Told again, it bears the same: mail programs show it once.
    messageId: `<${id}@sms-dispatch.invalid>`,
    headers: {
      // No holiday notes in return: https://www.rfc-editor.org/rfc/rfc3834#section-5 and Exchange's own word for it.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      // To sort them by: https://www.rfc-editor.org/rfc/rfc2919
      'List-ID': `<${channel}.sms-dispatch.invalid>`,
      'X-Priority': severity === 'critical' ? '1' : '3',
    },
  };
}

/** What will not get better by itself. */
const PERMANENT = ['EAUTH', 'ENOAUTH', 'EENVELOPE', 'EMESSAGE', 'ECONFIG', 'EREQUIRETLS'];

/** Only the codes: messages and answers quote addresses. https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1 */
function classifyMailError(error: unknown): Notified {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const word = typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,31}$/.test(code) ? code : 'UNKNOWN';
  if (typeof responseCode !== 'number') return { kind: 'refused', retry: !PERMANENT.includes(word), code: word };
  return { kind: 'refused', retry: responseCode < 500, code: `smtp_${responseCode}` };
}
