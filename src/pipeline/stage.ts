/**
 * Words of the pipeline.
 * An **alert** is what a producer raises; a **message** is one text to one phone. Each walks **stages** in a straight
 * line. Every stage gives a **verdict**; the first that is not `pass` is the **outcome**. **Suppressed**: decided not
 * to send. **Deferred**: comes back, no attempt spent. **Accepted**: the provider said yes. **Unknown**: it may have
 * been sent, nobody can say. **Dead**: in the failed set, a person must look.
 */
import type { CapReason } from '../limit/rate-cap.ts';
import type { Accepted, ProviderError, ProviderName } from '../provider/provider.ts';
import type { OurReason } from './reason.ts';

export type StageName =
  | 'parse'
  | 'route'
  | 'severity-gate'
  | 'dedupe-gate'
  | 'recipients'
  | 'ledger'
  | 'expiry-gate'
  | 'rate-cap'
  | 'dispatch';

export type Outcome =
  | { readonly kind: 'accepted'; readonly provider: ProviderName; readonly accepted: Accepted }
  | { readonly kind: 'suppressed'; readonly stage: StageName; readonly reason: OurReason }
  | { readonly kind: 'expired'; readonly stage: StageName }
  | { readonly kind: 'cancelled'; readonly stage: StageName }
  | { readonly kind: 'deferred'; readonly stage: StageName; readonly reason: DeferredReason; readonly until: Date }
  | { readonly kind: 'retry'; readonly provider: ProviderName; readonly error: ProviderError; readonly until: Date }
  | { readonly kind: 'unknown'; readonly provider: ProviderName }
  | { readonly kind: 'failed'; readonly provider: ProviderName; readonly error: ProviderError }
  /** An earlier run had finished it: nothing is left to do or to count. */
  | { readonly kind: 'settled' };

/** `unknown_outcome`: another worker has the attempt open; it comes back when that worker's lease ends. */
export type DeferredReason = CapReason | 'throttled' | 'unknown_outcome';
export const DEFERRED_REASONS: readonly DeferredReason[] = ['rate_cap_recipient', 'rate_cap_hour', 'throttled', 'unknown_outcome'];

export type Verdict = { readonly kind: 'pass' } | Outcome;

export const pass: Verdict = { kind: 'pass' };
