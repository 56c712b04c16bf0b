import type { E164 } from '../../alert/phone/phone.ts';
import type { Clock } from '../../clock.ts';
import { safeCode, textOf } from '../../http-client/read-answer.ts';
import { refusalFromFault } from '../contract/classify.ts';
import { type StatusQuery, unclear, type VendorStatus } from '../contract/provider.ts';
import { formatBeijingDay, isMainland, parseBeijingTime } from '../mainland/mainland.ts';
import type { AlibabaApi } from './api.ts';
import { ALIBABA_RECEIPT_CODES, classifyAlibaba, isOk, readAlibabaBody } from './codes.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/**
 * A message may be recorded under the previous or next day: clocks differ by up to what a signature allows, and calls
 * take time.
 */
const DAY_SLACK_MS = 15 * MINUTE_MS;
/**
 * The vendor does not document how soon a record appears; this is far longer than a call takes, and short compared to
 * an alert's lifetime.
 */
const SETTLED_AFTER_MS = 2 * MINUTE_MS;
/** Records are kept for 30 days. */
const KEPT_MS = 29 * DAY_MS;
/** The vendor allows 50, but records contain the text, and a response must stay within the body limit of the transport. */
const PAGE_SIZE = 20;
/**
 * Four times the 50 notifications per template that a number may get a day:
 * https://help.aliyun.com/document_detail/2881383.html
 */
const MAX_PAGES = 10;

/**
 * Searches the messages to the number on that day, by our id or by the vendor's when known. One request, unless
 * midnight passed during the send or the number got more than 20 messages.
 * https://help.aliyun.com/document_detail/419277.html
 */
export async function askAlibaba(query: StatusQuery, api: AlibabaApi, clock: Clock, signal: AbortSignal): Promise<VendorStatus> {
  const { to, sentAt } = query;
  if (to === undefined) return unclear('NUMBER_NOT_KNOWN');
  const today = formatBeijingDay(clock.now());
  const days = daysOf(sentAt);
  for (const day of days.filter((day) => day <= today)) {
    const found = await searchDay({ PhoneNumber: toAlibabaNumber(to), SendDate: day }, query, api, clock, signal);
    if (found !== undefined) return found;
  }
  return judgeMissing(query, days, clock.now());
}

/** Returns `undefined` when the vendor has listed every message to the number on that day and this one is missing. */
async function searchDay(
  where: Readonly<Record<'PhoneNumber' | 'SendDate', string>>,
  query: StatusQuery,
  api: AlibabaApi,
  clock: Clock,
  signal: AbortSignal,
): Promise<VendorStatus | undefined> {
  const { providerMessageId } = query;
  const params = { ...where, PageSize: String(PAGE_SIZE), ...(providerMessageId === undefined ? {} : { BizId: providerMessageId }) };
  let seen = 0;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const exchange = await api.call('QuerySendDetails', { ...params, CurrentPage: String(page) }, signal);
    if (exchange.kind === 'fault') return unclear(refusalFromFault(exchange).error);
    const body = readAlibabaBody(exchange);
    if (!isOk(exchange, body)) return unclear(classifyAlibaba(exchange, clock.now()).error);
    const listed = readPage(body);
    if (listed === undefined) return unclear('RECORDS_UNREADABLE');
    const found = pickDetail(listed.details, query);
    if (found !== undefined) return readDetail(found);
    seen += listed.details.length;
    if (seen >= listed.total) return undefined;
    if (listed.details.length === 0) break;
  }
  return unclear('RECORDS_INCOMPLETE');
}

/** Returns the days in Beijing time under which the message may be recorded. */
function daysOf(sentAt: Date): readonly string[] {
  const days = [-DAY_SLACK_MS, DAY_SLACK_MS].map((slack) => formatBeijingDay(new Date(sentAt.getTime() + slack)));
  return [...new Set(days)];
}

/** Judges complete lists that do not contain the message. */
function judgeMissing({ sentAt, providerMessageId }: StatusQuery, days: readonly string[], now: Date): VendorStatus {
  // The vendor accepted the message and assigned an id: its records are late.
  if (providerMessageId !== undefined) return unclear('RECORD_MISSING');
  const ageMs = now.getTime() - sentAt.getTime();
  if (ageMs < SETTLED_AFTER_MS || days.some((day) => day > formatBeijingDay(now))) return unclear('TOO_EARLY');
  return ageMs > KEPT_MS ? unclear('TOO_LATE') : { kind: 'absent' };
}

/** One message in the vendor's records. */
interface Detail {
  readonly OutId?: unknown;
  readonly SendStatus?: unknown;
  readonly ErrCode?: unknown;
  readonly ReceiveDate?: unknown;
}

function readPage(body: { readonly [key: string]: unknown }): { readonly details: readonly Detail[]; readonly total: number } | undefined {
  const list = (body.SmsSendDetailDTOs as { readonly SmsSendDetailDTO?: unknown } | null | undefined)?.SmsSendDetailDTO;
  const total = Number(textOf(body.TotalCount) ?? Number.NaN);
  if (!Array.isArray(list) || !Number.isInteger(total) || total < 0) return undefined;
  return { details: list.filter((entry) => typeof entry === 'object' && entry !== null), total };
}

/** 1 waiting for the carrier, 2 failed, 3 delivered. */
const PENDING = '1';
const FAILED = '2';
const ARRIVED = '3';

/** Picks one of several records with our id, for a message that was sent again: delivered first, then pending. */
function pickDetail(details: readonly Detail[], { id, providerMessageId }: StatusQuery): Detail | undefined {
  const isOurs = ({ OutId }: Detail) => OutId === id || (providerMessageId !== undefined && (OutId ?? '') === '');
  const ours = details.filter(isOurs);
  return [ARRIVED, PENDING].map((status) => ours.find(({ SendStatus }) => textOf(SendStatus) === status)).find(Boolean) ?? ours[0];
}

function readDetail({ SendStatus, ErrCode, ReceiveDate }: Detail): VendorStatus {
  const at = parseBeijingTime(ReceiveDate);
  const code = safeCode(ErrCode);
  const reason = ALIBABA_RECEIPT_CODES.get(code ?? '');
  switch (textOf(SendStatus)) {
    case PENDING:
      return { kind: 'pending' };
    case FAILED:
      return { kind: 'undelivered', ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
    case ARRIVED:
      return { kind: 'delivered', ...(at === undefined ? {} : { at }) };
    default:
      return unclear('STATUS_UNREADABLE');
  }
}

/** Converts a number to the vendor's format: mainland numbers without calling code, others with it; no plus. */
export function toAlibabaNumber(to: E164): string {
  return to.slice(isMainland(to) ? '+86'.length : 1);
}
