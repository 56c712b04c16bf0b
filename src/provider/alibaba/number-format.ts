import type { E164 } from '../../alert/phone.ts';
import { isMainland } from '../mainland/mainland.ts';

/** Numbers of the mainland without calling code, all others with it; none with a plus. */
export function toAlibabaNumber(to: E164): string {
  return to.slice(isMainland(to) ? '+86'.length : 1);
}
