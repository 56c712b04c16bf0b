import { describe, expect, test } from 'vitest';
import { describeDeadLetter } from '../../../src/queue/dead-letters/dead-letter.ts';
import { noticeOf } from '../../support/fixtures/notice.ts';

describe('a failed notification', () => {
  const notice = noticeOf({ channel: 'ops-mail' });
  const dead = (failedReason: string) =>
    describeDeadLetter(
      {
        queue: 'sms-notices',
        what: 'notice',
        jobId: 'n-1',
        name: 'notice',
        data: JSON.stringify(notice),
        failedReason,
        timestamp: 1,
        diedAt: 0,
      },
      undefined,
      { history: undefined },
    );

  test('names the channel and the code of its refusal', () => {
    expect(dead('ops-mail was not notified: smtp_535')).toMatchObject({ code: 'smtp_535', stored: { channel: 'ops-mail' } });
    expect(dead('ops-mail was not told: http_404:no_service')).toMatchObject({ code: 'http_404:no_service' });
  });

  test('has no code when its workers crashed while running it', () => {
    expect(dead('ten workers crashed while running it')).toMatchObject({ code: null, stored: { channel: 'ops-mail' } });
  });
});
