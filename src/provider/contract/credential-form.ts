import { z } from 'zod';
import type { Secret } from '../../setting/secret.ts';

/**
 * Forms by which values of the wrong key are recognized. They differ in their first characters and their length; no
 * message quotes a value.
 */

const TWILIO_SID = /^[A-Z]{2}[0-9a-f]{32}$/i;
/** Hex digits with a number among them, so that a name such as MGDEAD stays one. */
const SERVICE_SID = /^MG(?=[a-f]*\d)[0-9a-f]+$/i;
const CHANNEL = /^(whatsapp|messenger|rcs|sms|tel):/i;

/** What a vendor takes as the sender. */
export interface SenderRules {
  /** Longest name of letters and digits; absent: the vendor sets no limit. */
  readonly mostLetters?: number;
  /** Whether a number has to begin with a plus. */
  readonly plus: boolean;
}

/** What is wrong with a sender, as the end of a sentence about its key; `undefined` when it may be right. */
export function faultOfSender(written: string, { mostLetters, plus }: SenderRules): string | undefined {
  if (SERVICE_SID.test(written)) return 'is a Messaging Service SID: give it as messagingServiceSid, and leave from out';
  if (TWILIO_SID.test(written)) return 'is a SID, which begins with two letters and has 34 characters: give the number or the name itself';
  const channel = CHANNEL.exec(written)?.[1];
  if (channel !== undefined) return `must be given without ${channel.toLowerCase()}: in front of it; only SMS is sent here`;
  const digits = written.replace(/[\s().\-\u2010-\u2015]/g, '');
  if (/^\+?\d{5,}$/.test(digits) && digits !== written) return 'must be + and digits, without spaces, dashes or brackets';
  if (written.startsWith('+')) return /^\+[1-9]\d{6,14}$/.test(written) ? undefined : 'must be a number in E.164: + and 7 to 15 digits';
  if (/^\d+$/.test(written)) {
    return plus && written.length > 8 ? 'must begin with +: a number in E.164, or a short code of up to 8 digits' : undefined;
  }
  if (mostLetters !== undefined && written.length > mostLetters) {
    return `has ${written.length} characters: an alphanumeric sender has at most ${mostLetters}`;
  }
  return /^[\w &+-]+$/.test(written) && written.trim() === written
    ? undefined
    : 'must be a number, or a name of letters, digits, spaces, - _ & and +';
}

export function senderSchema(rules: SenderRules) {
  return z
    .string()
    .min(1)
    .superRefine((written, ctx) => {
      const message = written === '' ? undefined : faultOfSender(written, rules);
      if (message !== undefined) ctx.addIssue({ code: 'custom', message });
    });
}

/** A refusal of values that plainly belong to another key. */
export function refuseForms(...forms: readonly (readonly [form: RegExp, message: string])[]) {
  return (given: string | Secret, ctx: z.RefinementCtx): void => {
    const written = typeof given === 'string' ? given : given.reveal();
    const message = forms.find(([form]) => form.test(written))?.[1];
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  };
}
