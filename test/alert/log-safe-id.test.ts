import { expect, test } from 'vitest';
import { alertIdOfJob, newAlertId } from '../../src/alert/id.ts';
import { logSafeId } from '../../src/alert/phone/phone.ts';

test('an id of ours is shown unchanged, with any digits in it', () => {
  for (const id of [newAlertId(), 'a-12345678-1234-4123-8123-123456789012', alertIdOfJob({ jobId: '1234567', timestamp: 1, data: {} })])
    expect(logSafeId(id)).toBe(id);
});

test.each([
  ['order-42.paid', 'order-42.paid'],
  ['60123456789', '+60*******789'],
  ['call-60123456789.twice', 'call-+60*******789.twice'],
])("a caller's %s is shown as %s", (id, shown) => {
  expect(logSafeId(id)).toBe(shown);
});
