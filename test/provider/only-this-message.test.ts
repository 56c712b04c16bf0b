import { expect, it } from 'vitest';
import { refusalFromAnswer } from '../../src/provider/contract/classify.ts';
import { classifyTencent } from '../../src/provider/tencent/codes.ts';

const now = new Date('2026-11-20T03:00:00.000Z');
const answer = { kind: 'answer', status: 200, headers: {}, body: '' } as const;

it('the error of such a code says so', () => {
  expect(refusalFromAnswer(answer, now, { reason: 'auth', onlyThisMessage: true }).error.onlyThisMessage).toBe(true);
  expect(refusalFromAnswer(answer, now, { reason: 'auth' }).error.onlyThisMessage).toBe(false);
});

it('a limit that Tencent has added since is taken for one of a number', () => {
  expect(classifyTencent(answer, 'LimitExceeded.SomethingNew', now).error.onlyThisMessage).toBe(true);
  expect(classifyTencent(answer, 'LimitExceeded.DailyLimit', now).error.onlyThisMessage).toBe(false);
});
