import { countSegments } from '../../alert/segments.ts';
import { isRegistered } from '../../config/check/alert-overflow.ts';
import type { Config } from '../../config/config.ts';
import { DIGEST_ID } from '../../ledger/digest/digest-scripts.ts';
import type { DigestContent, DigestLine, Digests } from '../../ledger/digest/digests.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { SpendGuard } from '../../limit/budget/spend-guard.ts';
import type { CapRule } from '../../limit/caps/rate-cap.ts';
import type { ReservedSlot } from '../../limit/caps/reserved-slot.ts';
import { templateBookOf } from '../../provider/registry.ts';
import { digestSegments } from '../gates/message-caps.ts';
import { laneOf, type Message } from '../message.ts';
import type { MessageSubject } from '../sending/message-run.ts';
import { judgeOverBudget, type OverBudget } from '../sending/paid-attempt.ts';
import { orderTargets, type SendTarget } from '../sending/send-target.ts';
import { ruleOf } from '../sending/shape-message.ts';
import { pass, type Stage, type StageContext, unconcerned, type Verdict } from '../stage.ts';
import { type DigestPlan, type DigestRoom, describeCounts, FEW_SEGMENTS, NAMED, planDigest } from './compose-digest.ts';
import { inManner, isOpen, mannerOf, mannerOfLeft, sayDigest } from './digest-message.ts';
import { type Gatherer, newDigestId, paceOf } from './gather.ts';

/**
 * Limit for a vendor template with one variable for the whole text; carriers in mainland China accept 500 characters
 * including the template's own text.
 */
const LONGEST_VARIABLE = 400;

/**
 * Returns the size of one digest: the minimum over the providers of its route, so that any of them can name every
 * alert. Vendors with approved templates put it into the variable `content` of their default template.
 */
export function createRoomOf(
  { providers, caps }: Pick<Config, 'providers' | 'caps'>,
  targets: ReadonlyMap<string, SendTarget>,
): (message: Message) => DigestRoom {
  const rulesOf = new Map([...providers].map(([name, config]) => [name, templateBookOf(config)?.rules]));
  return (message) => {
    const able = orderTargets(message.providers, targets, message.to).map(({ provider }) => provider);
    const widths = able.map((provider) => {
      const rules = rulesOf.get(provider.name);
      return rules === undefined
        ? (provider.maxCharacters ?? Number.POSITIVE_INFINITY)
        : Math.min(rules.maxLength ?? LONGEST_VARIABLE, LONGEST_VARIABLE);
    });
    const registered = able.some(({ name }) => isRegistered(providers.get(name)));
    return {
      segments: digestSegments(message, { caps }),
      characters: Math.min(Number.POSITIVE_INFINITY, ...widths),
      rule: able.some((provider) => ruleOf(provider, message.to) === 'ucs2') ? 'ucs2' : 'gsm7',
      noLinks: able.some(({ name }) => rulesOf.get(name)?.noLinks === true),
      ...(registered ? { opening: `${message.severity.toUpperCase()}: ` } : {}),
    };
  };
}

export interface DigestDeps {
  readonly digests: Digests;
  readonly ledger: Pick<Ledger, 'closedBy' | 'resolveSubscribers'>;
  readonly reservedSlot: ReservedSlot;
  readonly open: Gatherer['open'];
  readonly rulesOf: (message: Message, leavesSlot?: boolean) => CapRule[];
  /** Size of a digest to this recipient through these providers. */
  readonly roomOf: (message: Message) => DigestRoom;
  /** Time zone of the recipient, when known. */
  readonly timeZoneOf: (message: Message) => string | undefined;
}

/**
 * Waits for a burst to collect, and keeps an empty digest until the storm ends. Its current content decides how it is
 * sent and how long its text will be.
 */
export function createDigestReadyStage({ digests, reservedSlot, rulesOf, roomOf, timeZoneOf }: DigestDeps): Stage<MessageSubject> {
  /** Uses as many segments as the content needs now; alerts that would need more go into the next digest. */
  const lengthened = (message: Message, content: DigestContent, now: Date): Message => {
    const room = roomOf(message);
    const { text } = planDigest({ ...content, closedAt: now.getTime() }, styleOf(message, timeZoneOf), room);
    return { ...message, segments: countSegments(text, room.rule) };
  };
  return {
    name: 'digest',
    async exec(subject, { clock, note }) {
      const { message } = subject;
      const now = clock.now();
      const gathering = isOpen(message) ? await digests.gathering(message.id, laneOf(message)) : undefined;
      if (gathering === undefined) {
        // The run that closed it crashed before storing the text.
        const closed = isOpen(message) ? await digests.content(message.id) : undefined;
        if (closed !== undefined) subject.message = lengthened(message, closed, now);
        return pass;
      }
      subject.message = inManner(message, gathering.as);
      const { count, firstAt, stormAt } = gathering;
      const { gatherMs, quietMs } = paceOf(rulesOf(subject.message));
      if (now.getTime() >= message.expiresAt) {
        note({ stage: 'digest', verdict: 'expired', detail: describeDigest(gathering) });
        return pass;
      }
      const readyAt = count > 0 ? firstAt + gatherMs : stormAt + quietMs;
      if (now.getTime() < Math.min(readyAt, message.expiresAt)) return { kind: 'deferred', reason: 'digest', until: new Date(readyAt) };
      subject.message = lengthened(subject.message, gathering, now);
      // A critical that waits for the kept slot goes first.
      subject.rules = rulesOf(subject.message, await reservedSlot.isAwaited(laneOf(message), now));
      return pass;
    },
  };
}

/** Closes the digest before it is sent: its content is final, and later alerts go into the next one. */
export function createDigestCloseStage(deps: DigestDeps): Stage<MessageSubject> {
  const { digests, reservedSlot, open, rulesOf } = deps;
  return {
    name: 'digest',
    async exec(subject, ctx) {
      const { message } = subject;
      const { id } = message;
      const now = ctx.clock.now();
      const { quietMs } = paceOf(rulesOf(message));
      const as = mannerOf(message);
      const content = await digests.close(id, laneOf(message), {
        nextId: newDigestId(),
        now,
        quietMs,
        severity: message.severity,
        as,
      });
      if (content === undefined) return isOpen(message) ? { kind: 'malformed', detail: 'its content is missing' } : pass;
      if (content.next !== undefined) await open(content.next, message, content.as, now, new Date(now.getTime() + quietMs));
      if (content.count === 0 && content.storm !== 'over')
        return { kind: 'suppressed', reason: 'digested', detail: 'it contains no alerts' };
      const manner = inManner(message, content.as);
      // A more severe alert arrived meanwhile, possibly through another route: the digest is deferred to reserve a slot
      // with that severity.
      if (manner.severity !== message.severity) return { kind: 'deferred', reason: 'digest', until: now };
      const verdict = await write(manner, content, deps, ctx);
      if ('kind' in verdict) return verdict;
      subject.message = sayDigest(message, { as: content.as, text: verdict.text });
      await reservedSlot.digestSent(laneOf(message));
      return pass;
    },
  };
}

/** Stores the final text, and starts the next digest with the alerts that do not fit. */
async function write(message: Message, closed: DigestContent, deps: DigestDeps, ctx: StageContext): Promise<Verdict | { text: string }> {
  const { digests, ledger, open, roomOf, timeZoneOf } = deps;
  const { id } = message;
  const now = ctx.clock.now();
  const content = { ...closed, lines: await Promise.all(closed.lines.map((line, index) => withEnd(line, index, closed, ledger))) };
  const reason = allOver(content);
  if (reason !== undefined) return { kind: 'cancelled', reason };
  const room = roomOf(message);
  const plan = planDigest(content, styleOf(message, timeZoneOf), { ...room, segments: Math.min(room.segments, message.segments) });
  const event = {
    at: now.toISOString(),
    stage: 'digest',
    verdict: 'moved',
    detail: `named in ${DIGEST_ID}, because it does not fit into ${id}`,
  };
  const left = { text: plan.text, left: plan.left, as: mannerOfLeft(closed.as, plan.left), nextId: newDigestId(), event };
  const { text, next } = await digests.write(id, laneOf(message), left);
  if (next?.needsJob) await open(next.id, message, left.as, now, now);
  const over = content.lines.filter(({ ended }) => ended === 'resolved');
  await Promise.all(over.map(({ dedupHash, messageId }) => ledger.resolveSubscribers.forget(dedupHash, [messageId])));
  if (closed.text === undefined) ctx.note({ stage: 'digest', verdict: 'closed', detail: describePlan(content, plan, next?.id) });
  return { text };
}

/** Looks up only alerts that may be named; in a storm these are the newest ones. */
async function withEnd(line: DigestLine, index: number, { count }: DigestContent, ledger: DigestDeps['ledger']): Promise<DigestLine> {
  if (count > NAMED && index >= ASKED_IN_STORM) return line;
  const ended = await ledger.closedBy(line.dedupHash, line.receivedAt);
  return ended === undefined ? line : { ...line, ended };
}

const ASKED_IN_STORM = 40;

/** Returns why a digest is no longer needed: all its alerts have ended. Storm announcements are sent anyway. */
function allOver({ lines, count, storm }: DigestContent): 'resolved' | 'acknowledged' | undefined {
  if (lines.length === 0 || lines.length < count || storm === 'begins' || storm === 'over') return undefined;
  if (lines.some(({ ended }) => ended === undefined)) return undefined;
  return lines.some(({ ended }) => ended === 'resolved') ? 'resolved' : 'acknowledged';
}

function styleOf(message: Message, timeZoneOf: DigestDeps['timeZoneOf']) {
  return { timeZone: timeZoneOf(message), transliterate: message.transliterate === true };
}

/** Formats the content: `12 alert(s): 3 critical, 9 error`. */
function describeDigest(content: Pick<DigestContent, 'count' | 'counts'>): string {
  return `${content.count} alert(s): ${describeCounts(content)}`;
}

/** Formats the content and, when not all alerts are named, their number and where the rest goes. */
function describePlan(content: DigestContent, { left, named }: DigestPlan, next: string | undefined): string {
  const counts = { ...content.counts };
  for (const { severity } of left) counts[severity] -= 1;
  const count = content.count - left.length;
  const said = describeDigest({ count, counts });
  if (left.length > 0) return `${said}; ${left.length} more in ${next}`;
  return named < count ? `${said}; ${named} of them named` : said;
}

interface DigestMoneyDeps {
  readonly targets: ReadonlyMap<string, SendTarget>;
  /** Absent: no prices are configured. */
  readonly spendGuard?: Pick<SpendGuard, 'look'> | undefined;
}

/**
 * Keeps a digest open while there is no budget for it. If it were closed, it would wait for budget by itself, the next
 * one would take the slot that it releases, and so on; there would be far more digests than slots when budget becomes
 * available.
 */
export function createDigestMoneyStage({ targets, spendGuard }: DigestMoneyDeps): Stage<MessageSubject> {
  return {
    name: 'budget',
    async exec(subject) {
      const { message } = subject;
      if (spendGuard === undefined || !isOpen(message)) return unconcerned;
      const { to, severity, overflow } = message;
      const able = orderTargets(message.providers, targets, to);
      // With budget for a shorter text only, that is sent, and the rest goes into the next digest.
      let full: OverBudget[] = [];
      for (const segments of new Set([message.segments, Math.min(FEW_SEGMENTS, message.segments), 1])) {
        const text = { to, segments, critical: severity === 'critical' };
        const holds = await Promise.all(able.map(({ provider }) => spendGuard.look({ provider: provider.name, ...text })));
        full = holds.flatMap((hold) => (hold.kind === 'full' ? [hold] : []));
        subject.message = { ...message, segments };
        if (full.length === 0 || full.length < holds.length) return pass;
      }
      return judgeOverBudget(full, undefined, overflow);
    },
  };
}
