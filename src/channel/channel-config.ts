import { z } from 'zod';
import { headersSchema } from '../http-client/headers.ts';
import { isMailSender } from '../setting/mail-address.ts';
import { Secret, secretSchema } from '../setting/secret.ts';

/** URL of a chat or webhook receiver. Secret, because such URLs contain credentials. */
export const webAddress = secretSchema.superRefine((secret, ctx) => {
  judgeAddress(secret, ctx, /^https?:$/, 'must be an address that begins with https:// or http://');
  const written = secret.reveal();
  // https://www.rfc-editor.org/rfc/rfc7617#section-2
  if (URL.canParse(written) && /%3a/i.test(new URL(written).username))
    ctx.addIssue({ code: 'custom', message: 'its user name must not hold a colon, which basic auth cannot send' });
});
const mailServer = secretSchema.superRefine((secret, ctx) =>
  judgeAddress(secret, ctx, /^smtps?:$/, 'must be an address such as smtps://user:password@mail.example.com:465'),
);

const HINT = 'in a user name and password write % as %25, # as %23, / as %2F, ? as %3F, @ as %40; a port is at most 65535';

function judgeAddress(secret: Secret, ctx: z.RefinementCtx, scheme: RegExp, message: string): void {
  const written = secret.reveal();
  if (URL.canParse(written) && scheme.test(new URL(written).protocol) && isWhole(written)) return;
  // Without credentials and a port there is nothing to percent-encode.
  const isReadable = !written.includes('@') && !/:\/\/[^/]*:/.test(written);
  ctx.addIssue({ code: 'custom', message, ...(isReadable ? {} : { params: { hint: HINT } }) });
}

/**
 * False when a `/`, `?` or `#` in the password ended the host, such as `smtps://ops:55/2@host`, or when a `%` is not a
 * valid escape.
 */
function isWhole(written: string): boolean {
  const { hostname, port, username, password } = new URL(written);
  const rest = /^[a-z]+:[\\/]*[^/?#\\]*(.*)$/is.exec(written)?.[1] ?? '';
  const isMail = written.startsWith('smtp');
  const looksCut = username === '' && rest.includes('@') && (isMail || (port !== '' && !hostname.includes('.')));
  return !looksCut && isDecodable(username) && isDecodable(password);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Rejects credentials in the URL together with a different `authorization` header. */
export function oneAuthorization(
  { url, headers }: { readonly url?: Secret; readonly headers?: Readonly<Record<string, Secret>> },
  ctx: z.RefinementCtx,
): void {
  // With a fault of its own the URL is still the string that was written.
  if (!(url instanceof Secret) || headers?.authorization === undefined || !URL.canParse(url.reveal())) return;
  const { username, password } = new URL(url.reveal());
  if (username === '' && password === '') return;
  const message = 'conflicts with the user name and password in the url, which are sent as basic auth: keep one of them';
  ctx.addIssue({ code: 'custom', path: ['headers', 'authorization'], message });
}

const CHANNEL_SCHEMAS = [
  z.strictObject({ type: z.literal('slack'), url: webAddress }),
  z.strictObject({ type: z.literal('mattermost'), url: webAddress }),
  z.strictObject({ type: z.literal('rocketchat'), url: webAddress }),
  z.strictObject({ type: z.literal('discord'), url: webAddress }),
  /** Any other receiver: a POST with a JSON body. */
  z.strictObject({ type: z.literal('webhook'), url: webAddress, headers: headersSchema.default({}) }).superRefine(oneAuthorization),
  z.strictObject({
    type: z.literal('email'),
    smtp: mailServer,
    from: z
      .string()
      .min(1)
      .refine(isMailSender, { error: 'must be one e-mail address, or a name with it, such as "Ops <ops@example.com>"' }),
    /**
     * Addresses, `contact:<name>` and `group:<name>`. Empty: the addresses of the alert's recipients, as far as they
     * have one.
     */
    to: z.array(z.string().min(1)).default([]),
  }),
] as const;

/** A notification channel besides SMS. */
export const channelSchema = z.discriminatedUnion('type', CHANNEL_SCHEMAS);
export type ChannelConfig = z.output<typeof channelSchema>;
