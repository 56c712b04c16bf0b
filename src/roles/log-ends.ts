import { shownId } from '../alert/phone.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { AlertReport, EndReports, LimitReport, MessageReport, Origin } from '../pipeline/end-report.ts';

/** A limit is full again after it held nothing back for so long: a new line is written then. */
const EPISODE_PAUSE_MS = 10 * 60_000;
/** Limits remembered at most, such as one for each phone. */
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

/** One line for each end of a message and of an alert, and one for each episode of a full cap or a spent budget. */
export function logEnds(logger: Logger, clock: Clock): EndReports {
  /** Limit → until when its episode lasts, ms. */
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
  return { alertId: shownId(alertId), severity, route, source };
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

/** `warn` for an alert that a person may miss: it is neither texted nor named in another text. */
function alertLevel({ reason }: AlertReport): 'info' | 'warn' {
  return reason === 'expired' ? 'warn' : 'info';
}
