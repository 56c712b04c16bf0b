import { describe } from 'vitest';
import type { Candidate, Wire } from './candidate.ts';
import { createExaminer, type Examiner } from './examiner.ts';
import { sitConnections } from './sit-connections.ts';
import { sitMaybeSent } from './sit-maybe-sent.ts';
import { sitNotSent } from './sit-not-sent.ts';
import { sitOffline } from './sit-offline.ts';
import { sitQuestions } from './sit-questions.ts';
import { sitRequests } from './sit-requests.ts';
import { sitStatuses } from './sit-statuses.ts';

/** Every adapter passes the same exam: what it may return, when, and what it may never do. */
export function sitExam(name: string, candidate: Candidate): void {
  describe(`${name} sits the exam of every provider`, () => {
    const examine = createExaminer(candidate);
    if (candidate.wire === undefined) sitOffline(candidate, examine);
    else sitWire(candidate.wire, candidate.secrets, examine);
  });
}

function sitWire(wire: Wire, secrets: readonly string[], examine: Examiner): void {
  describe('on the wire', () => sitRequests(wire, examine));
  describe('whatever the status', () => sitStatuses(wire, examine));
  describe('when nothing was sent', () => sitNotSent(examine));
  describe('when it may have been sent', () => sitMaybeSent(examine));
  describe('on its connections', () => sitConnections(wire, examine));
  describe('when it is asked', () => sitQuestions(wire, secrets, examine));
}
