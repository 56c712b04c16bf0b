import { msUntilBeijing } from '../mainland/beijing-time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * How long to wait after `isv.BUSINESS_LIMIT_CONTROL`, whose message alone says which limit was met, such as
 * `触发小时级流控Permits:5`. By default a number gets 1 login code a minute, 5 an hour, 10 a day, and 50 notifications a day:
 * https://help.aliyun.com/document_detail/2881383.html
 *
 * The vendor has described its day both as the calendar's and as the last 24 hours, and does not tell when the first
 * text of those was sent: midnight is the earliest moment in either reading, and a try in vain is only refused again.
 */
export function flowControlWaitMs(message: string, now: Date): number {
  if (/分钟|minute/i.test(message)) return MINUTE_MS;
  if (/小时|hour/i.test(message)) return HOUR_MS;
  // A limit of the month may be raised before the month is over, so it is tried again the next day.
  if (/天|日|月|day|daily|month/i.test(message)) return msUntilBeijing(0, now);
  return MINUTE_MS;
}
