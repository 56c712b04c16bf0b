import { z } from 'zod';

/**
 * Abbreviations of time zones → the zones that may be meant. Intl accepts some of them for another place or without
 * summer time: `IST` as India only, `EST` as UTC-5 all year.
 */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  ACT: ['Australia/Darwin', 'America/Rio_Branco'],
  ACDT: ['Australia/Adelaide'],
  ACST: ['Australia/Adelaide', 'Australia/Darwin'],
  ADT: ['America/Halifax'],
  AEDT: ['Australia/Sydney'],
  AEST: ['Australia/Sydney', 'Australia/Brisbane'],
  AET: ['Australia/Sydney', 'Australia/Brisbane'],
  AGT: ['America/Argentina/Buenos_Aires'],
  AKDT: ['America/Anchorage'],
  AKST: ['America/Anchorage'],
  ART: ['America/Argentina/Buenos_Aires', 'Africa/Cairo'],
  AST: ['America/Halifax', 'America/Puerto_Rico', 'Asia/Riyadh'],
  AWST: ['Australia/Perth'],
  BET: ['America/Sao_Paulo'],
  BRT: ['America/Sao_Paulo'],
  BST: ['Europe/London', 'Asia/Dhaka'],
  CAT: ['Africa/Maputo', 'Africa/Johannesburg'],
  CDT: ['America/Chicago', 'America/Havana'],
  CEST: ['Europe/Berlin', 'Europe/Paris'],
  CNT: ['America/St_Johns'],
  CST: ['America/Chicago', 'Asia/Shanghai', 'Asia/Taipei', 'America/Havana'],
  CTT: ['Asia/Shanghai'],
  EAT: ['Africa/Nairobi'],
  ECT: ['Europe/Paris', 'America/Guayaquil'],
  EDT: ['America/New_York'],
  EEST: ['Europe/Athens', 'Europe/Kyiv'],
  EST: ['America/New_York', 'America/Panama'],
  GST: ['Asia/Dubai'],
  HKT: ['Asia/Hong_Kong'],
  HST: ['Pacific/Honolulu'],
  ICT: ['Asia/Bangkok', 'Asia/Ho_Chi_Minh'],
  IDT: ['Asia/Jerusalem'],
  IET: ['America/Indiana/Indianapolis'],
  IST: ['Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem'],
  JST: ['Asia/Tokyo'],
  KST: ['Asia/Seoul'],
  MDT: ['America/Denver'],
  MIT: ['Pacific/Apia'],
  MSK: ['Europe/Moscow'],
  MST: ['America/Denver', 'America/Phoenix', 'Asia/Kuala_Lumpur', 'Asia/Yangon'],
  MYT: ['Asia/Kuala_Lumpur'],
  NET: ['Asia/Yerevan'],
  NDT: ['America/St_Johns'],
  NST: ['America/St_Johns', 'Pacific/Auckland'],
  NZDT: ['Pacific/Auckland'],
  NZST: ['Pacific/Auckland'],
  PDT: ['America/Los_Angeles'],
  PHT: ['Asia/Manila'],
  PKT: ['Asia/Karachi'],
  PLT: ['Asia/Karachi'],
  PNT: ['America/Phoenix'],
  PRT: ['America/Puerto_Rico'],
  PST: ['America/Los_Angeles', 'Asia/Manila'],
  SAST: ['Africa/Johannesburg'],
  SGT: ['Asia/Singapore'],
  SST: ['Asia/Singapore', 'Pacific/Guadalcanal', 'Pacific/Pago_Pago'],
  VST: ['Asia/Ho_Chi_Minh'],
  WEST: ['Europe/Lisbon'],
  WIB: ['Asia/Jakarta'],
  WIT: ['Asia/Jayapura'],
  WITA: ['Asia/Makassar'],
};

const AS_IN = 'an IANA name, such as Asia/Kuala_Lumpur, Europe/Berlin or UTC';

/** Returns what is wrong with a time zone name and what may be meant; `undefined` for one that IANA and this machine know. */
export function faultOfTimeZone(name: string): { readonly message: string; readonly hint: string } | undefined {
  const places = MEANT[name.toUpperCase()];
  if (places !== undefined && Object.hasOwn(MEANT, name.toUpperCase())) {
    return {
      message: 'an abbreviation, not the name of a time zone',
      hint: `use the name of the place: ${places.length === 1 ? '' : `${places.slice(0, -1).join(', ')} or `}${places.at(-1)}`,
    };
  }
  if (/^(?:UTC|GMT)?[+-]\d/i.test(name)) return { message: 'an offset, which has no summer time', hint: AS_IN };
  return isKnown(name) ? undefined : { message: 'unknown time zone', hint: AS_IN };
}

/** Names that Intl has accepted: each check takes 0.1 to 0.3 ms, and a config needs one per contact. */
const known = new Set<string>();

function isKnown(name: string): boolean {
  if (known.has(name)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    known.add(name);
    return true;
  } catch {
    return false;
  }
}

const EXAMPLE = 'a time of day in quotes such as "22:00"';

/** A time of day such as `22:00`. Output in minutes after midnight; `24:00` is midnight, 0. */
export const clockTime = z
  .string({ error: ({ input }) => (input === undefined ? `is missing: ${EXAMPLE}` : `must be ${EXAMPLE}`) })
  .transform((written, ctx) => {
    const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(written.trim()) ?? [];
    const time = Number(hours) * 60 + Number(minutes);
    if (Number(minutes) < 60 && time <= 1440) return time % 1440;
    ctx.addIssue({ code: 'custom', message: `must be ${EXAMPLE}` });
    return z.NEVER;
  });

/** Name of an IANA time zone that this machine knows. */
export const timeZone = z.string().superRefine((name, ctx) => {
  const fault = faultOfTimeZone(name);
  if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault.message, params: { hint: fault.hint } });
});
