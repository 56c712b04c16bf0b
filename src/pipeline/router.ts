import { randomUUID } from 'node:crypto';
import type { ParsedAlert } from '../alert/alert.ts';
import { dedupKeyOf } from '../alert/dedup-key.ts';
import { ALERT_ID_PATTERN, alertIdOfJob, hash } from '../alert/id.ts';
import { AlertError, type Directory, parseAlert, Unreadable } from '../alert/parse-alert.ts';
import { maskPhone } from '../alert/phone.ts';
import type { OurReason } from '../alert/reason.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { AlertRecord, Ledger } from '../ledger/ledger.ts';
import type { TraceEvent } from '../ledger/trace.ts';
import type { AlertSubject } from './alert-stages.ts';
import { composeMessages } from './compose.ts';
import { directoryOf } from './directory.ts';
import type { Message } from './message.ts';
import type { Observer } from './observer.ts';
import { openRecipients } from './recipients.ts';
import { pickRoute, policyFor, type Route } from './route.ts';
import { type Outcome, type Stage, type StageContext, type StageName, walk } from './stage.ts';

/** What came off the queue, whoever put it there. */
export interface RawAlert {
  readonly jobId: string;
  readonly data: unknown;
  /** ms since the epoch. */
  readonly timestamp: number;
}

export type Routed =
  /** Each message needs its job; adding one twice changes nothing. */
  | { readonly kind: 'routed'; readonly messages: readonly Message[] }
  | { readonly kind: 'suppressed' }
  /** The alert has ended what is open of this dedup key; these messages may wake to find out. */
  | { readonly kind: 'resolved'; readonly open: readonly string[] }
  | { readonly kind: 'malformed'; readonly reason: string };

export interface RouterDeps {
  readonly config: Pick<Config, 'providers' | 'routes' | 'contacts' | 'groups' | 'templates' | 'defaultCountry'>;
  readonly stages: readonly Stage<AlertSubject>[];
  readonly ledger: Ledger;
  readonly observer: Observer;
  readonly clock: Clock;
}

/** Turns an alert into messages, or says why not; runs again without harm. */
export function createAlertRouter({ config, stages, ledger, observer, clock }: RouterDeps) {
  const directory = directoryOf(config);

  const record = async (entry: Omit<AlertRecord, 'messages'> & Partial<Pick<AlertRecord, 'messages'>>): Promise<boolean> => {
    const fresh = await ledger.recordAlert({ messages: [], ...entry }, randomUUID());
    if (fresh) count(observer, entry);
    return fresh;
  };

  return async function route(raw: RawAlert, signal: AbortSignal): Promise<Routed> {
    const events: TraceEvent[] = [];
    const note = (event: Omit<TraceEvent, 'at'>) => void events.push({ at: clock.now().toISOString(), ...event });
    const ctx: StageContext = { clock, signal, note };

    const parsed = read(raw.data, directory);
    if (parsed instanceof AlertError) {
      note({ stage: 'parse', verdict: 'malformed', reason: 'malformed', detail: parsed.message });
      await record({ ...malformedRecord(raw), events });
      return { kind: 'malformed', reason: parsed.message };
    }

    const subject = subjectOf(raw, parsed, config);
    const card = {
      id: subject.id,
      severity: parsed.severity,
      purpose: parsed.purpose,
      status: parsed.status,
      dedupKey: subject.dedupKey,
      dedupHash: subject.dedupHash,
      receivedAt: subject.receivedAt,
      events,
    };
    const suppress = async (reason: OurReason): Promise<Routed> => {
      await record({ ...card, outcome: 'suppressed', reason });
      return { kind: 'suppressed' };
    };

    if (parsed.status === 'resolved') {
      const open = await ledger.resolve(subject.dedupHash, new Date(subject.receivedAt));
      note({
        stage: 'resolve-gate',
        verdict: 'suppressed',
        reason: 'resolved',
        detail: `${open.length} message(s) not sent yet are cancelled`,
      });
      await suppress('resolved');
      return { kind: 'resolved', open };
    }

    note({ stage: 'route', verdict: 'pass', detail: `route ${subject.policy.route}` });
    const outcome = await walk(stages, subject, ctx);
    if (outcome?.kind === 'settled') return { kind: 'suppressed' };
    if (outcome !== undefined) return suppress(reasonOf(outcome));

    const recipients = openRecipients(parsed.to, config);
    if (recipients.length === 0) {
      note({ stage: 'recipients', verdict: 'suppressed', reason: 'no_recipient' });
      return suppress('no_recipient');
    }
    note({ stage: 'recipients', verdict: 'pass', detail: `${recipients.length} phone(s)` });
    const messages = composeMessages(subject, recipients, config.templates);
    const willing = new Set(recipients.filter(({ consent }) => consent).map(({ phone }) => phone));
    await record({
      ...card,
      outcome: 'routed',
      reason: null,
      messages: messages.map((message) => messageRecord(message, willing.has(message.to), clock.now())),
    });
    return { kind: 'routed', messages: messages.filter(({ to }) => willing.has(to)) };
  };
}

function read(data: unknown, directory: Directory): ParsedAlert | AlertError {
  if (data instanceof Unreadable) return new AlertError([{ path: '', message: data.reason }]);
  try {
    return parseAlert(data, directory);
  } catch (error) {
    if (error instanceof AlertError) return error;
    throw error;
  }
}

function subjectOf({ jobId, timestamp }: RawAlert, alert: ParsedAlert, config: RouterDeps['config']): AlertSubject {
  const route = pickRoute(config.routes, alert) ?? catchAll(config);
  const dedupKey = dedupKeyOf(alert);
  return {
    id: alert.id ?? alertIdOfJob(jobId),
    alert,
    policy: policyFor(route, alert),
    dedupKey,
    dedupHash: hash('dedup', dedupKey),
    receivedAt: timestamp,
  };
}

function malformedRecord({ jobId, data, timestamp }: RawAlert): Omit<AlertRecord, 'events' | 'messages'> {
  const id = (data as { id?: unknown } | null)?.id;
  return {
    id: typeof id === 'string' && ALERT_ID_PATTERN.test(id) ? id : alertIdOfJob(jobId),
    severity: 'unknown',
    purpose: 'unknown',
    status: 'firing',
    dedupKey: null,
    dedupHash: 'none',
    receivedAt: timestamp,
    outcome: 'malformed',
    reason: 'malformed',
  };
}

function messageRecord(message: Message, willing: boolean, now: Date): AlertRecord['messages'][number] {
  const at = now.toISOString();
  const stage: StageName = 'consent-gate';
  return {
    id: message.id,
    alertId: message.alertId,
    to: maskPhone(message.to),
    contact: message.contact ?? null,
    severity: message.severity,
    route: message.route,
    segments: message.segments,
    createdAt: now.getTime(),
    expiresAt: message.expiresAt,
    ...(willing ? { state: 'queued', reason: null } : { state: 'suppressed', reason: 'no_consent' }),
    events: [willing ? { at, stage, verdict: 'pass' } : { at, stage, verdict: 'suppressed', reason: 'no_consent' }],
  };
}

/** What an alert takes that no route matches: nothing is dropped because a file forgot it. */
function catchAll({ providers }: RouterDeps['config']): Route {
  return { name: 'none', match: {}, providers: [...providers.keys()], expiresAfterMs: 3_600_000, overflow: 'defer' };
}

function reasonOf(outcome: Outcome): OurReason {
  return outcome.kind === 'suppressed' ? outcome.reason : 'malformed';
}

function count(
  observer: Observer,
  { severity, purpose, outcome, reason, messages = [] }: Omit<AlertRecord, 'messages'> & Partial<Pick<AlertRecord, 'messages'>>,
): void {
  observer.alertReceived({ severity, purpose });
  observer.alertSettled({ outcome, reason: reason ?? 'none' });
  for (const message of messages) {
    observer.messagesCreated(message.severity, 1);
    if (message.state === 'suppressed')
      observer.messageSettled({ state: 'suppressed', reason: message.reason ?? 'none', severity: message.severity });
  }
}
