import type { ProviderReason } from '../../alert/reason.ts';
import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import { hasReceiptToken, type ReceiptReader, type ReceiptReaderDeps, type VendorReceipt } from '../contract/receipt-reader.ts';
import { parseBeijingTime } from '../mainland/mainland.ts';
import type { TencentConfig } from './config.ts';

/**
 * Meaning of the carriers' codes, as far as Tencent documents them:
 * https://www.tencentcloud.com/document/product/382/35462 and https://cloud.tencent.com/document/product/382/3771 .
 * Each carrier has many more, such as `MK:0001`; those are shown unchanged.
 */
export const TENCENT_RECEIPT_CODES: ReadonlyMap<string, ProviderReason> = new Map([
  ['UNDELIV', 'recipient'], // switched off, out of service, or a number in an abnormal state
  ['EXPIRED', 'recipient'], // the phone could not be reached in time
  ['DELETED', 'recipient'], // a fault of the phone
  ['SUBFAIL', 'recipient'], // the carrier says that it is no number
  ['002', 'recipient'], // switched off, suspended or out of range
  ['REJECTD', 'content'], // sensitive words, or a text or sender that is not registered
  ['-106', 'content'], // a keyword that the carrier blocks
  ['COMFAIL', 'unavailable'], // no connection to the carrier
  ['WTNFAIL', 'unavailable'], // the carrier's network was unstable
]);

/** Parses callbacks: a list, not signed: https://cloud.tencent.com/document/product/382/5807 */
export function createTencentReceiptReader({ receiptToken }: TencentConfig, _deps: ReceiptReaderDeps): ReceiptReader {
  return {
    methods: ['POST'],
    isGenuine: (call) => hasReceiptToken(call, receiptToken),
    read({ body }) {
      const list = readJson(body);
      return (Array.isArray(list) ? list : [list]).map(readReceipt);
    },
    answer: { result: 0, errmsg: 'OK' },
  };
}

interface Entry {
  /** `SerialNo` from the response to the send. */
  readonly sid?: unknown;
  readonly report_status?: unknown;
  /** The error code, despite its name. */
  readonly errmsg?: unknown;
  readonly user_receive_time?: unknown;
}

function readReceipt(entry: Entry | null | undefined): VendorReceipt | undefined {
  const { sid, report_status, errmsg, user_receive_time } = entry ?? {};
  const providerMessageId = readMessageId(sid);
  if (providerMessageId === undefined) return undefined;
  if (report_status === 'SUCCESS') {
    const at = parseBeijingTime(user_receive_time);
    return { providerMessageId, state: 'delivered', ...(at === undefined ? {} : { at }) };
  }
  // Only these two are documented; any other word is treated as intermediate.
  if (report_status !== 'FAIL') return { providerMessageId, state: 'pending' };
  const code = safeCode(errmsg);
  const reason = code === undefined ? undefined : TENCENT_RECEIPT_CODES.get(code);
  return { providerMessageId, state: 'undelivered', ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
}
