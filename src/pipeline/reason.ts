/** Reasons are metric labels and public words: changing one is a breaking change. */
export const OUR_REASONS = [
  'below_severity',
  'duplicate',
  'resolved',
  'expired',
  'no_recipient',
  'no_consent',
  'opted_out',
  'country_not_allowed',
  'rate_cap_recipient',
  'rate_cap_hour',
  'budget',
  'quiet_hours',
  'digested',
  'malformed',
] as const;
export type OurReason = (typeof OUR_REASONS)[number];
