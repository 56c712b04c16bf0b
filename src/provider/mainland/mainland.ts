import type { E164 } from '../../alert/phone.ts';
import type { SegmentRule } from '../../alert/segments.ts';

/** Mainland China. No other calling code begins with 86: https://www.itu.int/pub/T-SP-E.164D */
export function isMainland(to: E164): boolean {
  return to.startsWith('+86');
}

/** Carriers there count 70 characters a part, whatever they are: https://help.aliyun.com/document_detail/414224.html */
export function mainlandSegmentRule(to: E164): SegmentRule {
  return isMainland(to) ? 'ucs2' : 'gsm7';
}
