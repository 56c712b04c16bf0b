/** The closed set of reasons, the same words in traces, logs and metric labels. Changing one is a breaking change. */

/** Reasons of our own decisions. */
export const OUR_REASONS = [
  'below_severity',
  'duplicate',
  'resolved',
  'acknowledged',
  'expired',
  'no_recipient',
  'no_consent',
  'opted_out',
  'country_not_allowed',
  'rate_cap_recipient',
  'rate_cap_hour',
  'rate_cap_source',
  'rate_cap_country',
  'rate_cap_route',
  'budget',
  'quiet_hours',
  'digested',
  'simulated',
  'malformed',
] as const;
export type OurReason = (typeof OUR_REASONS)[number];

/** Reasons of a provider's response. */
export const PROVIDER_REASONS = [
  'recipient',
  'opted_out',
  'content',
  'auth',
  'balance',
  'throttled',
  'unavailable',
  'circuit_open',
  'unknown_outcome',
] as const;
export type ProviderReason = (typeof PROVIDER_REASONS)[number];

/** `none` is the label of a state without a reason. */
export type Reason = OurReason | ProviderReason | 'none';
