import { logSafeId } from '../alert/phone/phone.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { AlertReport, EndReports, LimitReport, MessageReport, Origin } from '../pipeline/end-report.ts';

/** A limit that has held nothing back for this long starts a new episode, which is logged again. */
const EPISODE_PAUSE_MS = 10 * 60_000;
/** Maximum number of limits in memory, such as one per phone. */
const MOST_EPISODES = 10_000;

const TEXTS: Readonly<Record<MessageReport['state'], string>> = {
  accepted: 'message accepted',
  deferred: 'message deferred',
  suppressed: 'message suppressed',
  cancelled: 'message cancelled',
  expired: 'message expired',
  failed: 'message failed',
  unknown: 'message outcome unknown',
  undelivered: 'message not delivered',
};

const HINTS: Readonly<Partial<Record<MessageReport['state'], (id: string) => string>>> = {
  expired: (id) => `sms-dispatch dead replay ${id}`,
  failed: (id) => `sms-dispatch dead show ${id}`,
  unknown: (id) => `sms-dispatch unknown resolve ${id} --sent, or --not-sent`,
};

/** Logs one line per outcome of a message or an alert, and one per episode of a full cap or a spent budget. */
export function logOutcomes(logger: Logger, clock: Clock): EndReports {
  /** Limit → end of its episode, in ms. */
  const episodes = new Map<string, number>();

  const begins = ({ limit, until }: LimitReport): boolean => {
    const now = clock.now().getTime();
    const last = episodes.get(limit);
    episodes.delete(limit);
    episodes.set(limit, Math.max(until?.getTime() ?? 0, now) + EPISODE_PAUSE_MS);
    for (const oldest of episodes.keys()) {
      if (episodes.size <= MOST_EPISODES) break;
      episodes.delete(oldest);
    }
    return last === undefined || last < now;
  };

  return {
    messageEnded(report) {
      const { messageId, state, reason, lastReason, provider, code, detail, until } = report;
      const facts = {
        messageId,
        ...originFields(report),
        reason,
        lastReason,
        provider,
        code,
        detail,
        until,
        hint: HINTS[state]?.(messageId),
      };
      logger[levelOf(report)](facts, TEXTS[state]);
    },
    alertEnded(report) {
      const { outcome, reason, detail } = report;
      const facts = { ...originFields(report), reason, detail };
      if (outcome === 'malformed') logger.warn(facts, 'alert malformed');
      else logger[alertLevel(report)](facts, 'alert suppressed');
    },
    limitReached(report) {
      if (!begins(report)) return;
      const { messageId, reason, cap, until } = report;
      const facts = { messageId, ...originFields(report), reason, ...cap, until };
      logger.warn(facts, reason === 'budget' ? 'budget spent' : 'rate cap full');
    },
  };
}

function originFields({ alertId, severity, route, source }: Origin): object {
  return { alertId: logSafeId(alertId), severity, route, source };
}

function levelOf({ state, reason, severity, again = false }: MessageReport): 'debug' | 'info' | 'warn' {
  switch (state) {
    case 'accepted':
      return 'debug';
    case 'deferred':
      return again ? 'debug' : 'info';
    case 'cancelled':
      return 'info';
    case 'suppressed':
      return severity === 'critical' && reason !== 'digested' ? 'warn' : 'info';
    case 'undelivered':
      return severity === 'critical' ? 'warn' : 'info';
    default:
      return 'warn';
  }
}

/** `warn` for an alert that an operator may miss: it is neither sent nor named in another message. */
function alertLevel({ reason }: AlertReport): 'info' | 'warn' {
  return reason === 'expired' ? 'warn' : 'info';
}
