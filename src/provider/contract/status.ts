import type { E164 } from '../../alert/phone.ts';
import { ProviderError, type ProviderReason } from './provider-error.ts';

/** Which text is asked about. Each vendor needs other parts of it; what is missing makes the answer `unclear`. */
export interface StatusQuery {
  /** Our message id, by which vendors that took a reference of ours find it. */
  readonly id: string;
  readonly to?: E164;
  /** Absent for a text of which nobody knows whether the vendor took it. */
  readonly providerMessageId?: string;
  /** When the attempt began. */
  readonly sentAt: Date;
  /** What it said, for vendors whose lists are searched by content. */
  readonly text?: string;
}

/** What a vendor knows of the text: its id and cost where it says. */
interface Known {
  readonly providerMessageId?: string;
  readonly segments?: number;
}

/** The vendor took the text, and this is what it knows of it. */
export type Said = Extract<VendorStatus, { kind: 'pending' | 'delivered' | 'undelivered' }>;

export type VendorStatus =
  /** The vendor has it; whether the phone has it is not known yet. */
  | ({ readonly kind: 'pending' } & Known)
  | ({ readonly kind: 'delivered'; readonly at?: Date } & Known)
  /** The vendor took it and it did not arrive. */
  | ({
      readonly kind: 'undelivered';
      readonly code?: string;
      /** What the code means, where our table holds it. */
      readonly reason?: ProviderReason;
    } & Known)
  /** The vendor never took it: its records are complete and do not hold it. */
  | { readonly kind: 'absent' }
  /** It could not be asked, does not say, or what it says proves nothing. */
  | { readonly kind: 'unclear'; readonly error: ProviderError };

/** @param why what refused or broke the question; or, where an answer proves nothing, our own code for it */
export function unclear(why: ProviderError | string): Extract<VendorStatus, { kind: 'unclear' }> {
  return { kind: 'unclear', error: typeof why === 'string' ? new ProviderError('unknown_outcome', { code: why }) : why };
}
