import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { type Found, findTraced, storyOf } from '../../explain/find-story.ts';
import { pendingAlert, type WaitingJob, withWaiting } from '../../explain/waiting-job.ts';
import type { MessageHistory } from '../../ledger/history/history.ts';
import { LEDGER_TTL_MS } from '../../redis/keys.ts';
import type { CliDeps, OpenHistories } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { describeLive, liveFields } from '../format/describe-live.ts';
import { showStory } from '../format/show-story.ts';
import { isEventId, nearestId } from '../options/suggestions.ts';
import { soundConfig, storeConfig } from '../store-config.ts';
import { withHistories } from '../with-redis.ts';
import { askProviders } from './explain-live.ts';

export interface ExplainOptions extends StoreOptions {
  readonly live?: true;
  readonly to?: readonly string[];
}

export async function explain(deps: CliDeps, given: string | undefined, options: ExplainOptions): Promise<number> {
  if (given !== undefined && !JOB_ID_PATTERN.test(given))
    throw new UsageError('invalid id: an id has 1 to 128 characters of A-Z a-z 0-9 . _ -');
  if (options.to !== undefined && !options.live) throw new UsageError('--to requires --live');
  // Providers are queried only with a valid config.
  const config = await (options.live ? soundConfig : storeConfig)(deps, options);
  const { found, near, waiting } = await withHistories(deps, config, async (histories) => {
    if (given === undefined) {
      const found = await latestAlert(histories);
      return { found, near: undefined, waiting: found && (await waitingOf(found, histories)) };
    }
    const traced = ALERT_ID_PATTERN.test(given) ? await findTraced(histories, given) : undefined;
    if (traced !== undefined) return { found: traced, near: undefined, waiting: await waitingOf(traced, histories) };
    const waiting = await histories.waiting(given);
    // The router stores an alert under the id derived from its job.
    const found = waiting && ((await findTraced(histories, waiting.alertId)) ?? pending(waiting, deps.now()));
    return { found, near: found === undefined ? nearestId(given, await histories.recentIds()) : undefined, waiting };
  });
  if (found === undefined && given === undefined) {
    throw new CliFailure(`no alert has been raised yet on ${await deps.redisAddress(config)}`, 'sms-dispatch explain ALERT_OR_MESSAGE_ID');
  }
  if (found === undefined) {
    const id = given as string;
    if (isEventId(id)) {
      throw new CliFailure(
        `${id} is a webhook event, not a message`,
        `If it was not delivered: sms-dispatch dead show ${id}, which names its message.`,
      );
    }
    const kept = `Records are kept for ${LEDGER_TTL_MS / 86_400_000} days. Check that ${await deps.redisAddress(config)} is the Redis on which the alert was raised.`;
    throw new CliFailure(`no alert or message has the id ${id}`, near === undefined ? kept : `Did you mean ${near}? ${kept}`);
  }
  const messages = found.kind === 'alert' ? found.alert.messages : [found.message];
  const live = options.live ? await askProviders(deps, config, messages, options.to ?? []) : undefined;
  if (options.json) {
    const withLive = (one: MessageHistory) => (live === undefined ? one : { ...one, live: liveFields(one, live) });
    const filling = found.filling === undefined ? {} : { capFilling: found.filling };
    const queued = waiting === undefined ? {} : { waiting };
    if (found.kind === 'alert') printJson(deps, { ...found.alert, messages: messages.map(withLive), ...filling, ...queued });
    else printJson(deps, { ...withLive(found.message), ...filling, ...queued });
    return 0;
  }
  const story = storyOf(found, deps.now());
  deps.stdout.write(showStory(waiting === undefined ? story : withWaiting(story, waiting, deps.now()), deps));
  if (live !== undefined) deps.stdout.write(`\n${describeLive(messages, live)}\n`);
  return 0;
}

/** Pattern of job ids. Those of other clients may have colons, such as `repeat:nightly:1796073621000`. */
const JOB_ID_PATTERN = /^[A-Za-z0-9._:-]{1,256}$/;

/** Returns the job of an alert that no router has processed yet. */
async function waitingOf(found: Found, histories: OpenHistories): Promise<WaitingJob | undefined> {
  return found.kind === 'alert' && found.alert.outcome === 'pending' ? histories.waiting(found.alert.id) : undefined;
}

function pending(job: WaitingJob, now: Date): Found {
  return { kind: 'alert', alert: pendingAlert(job, now), digest: undefined };
}

/** Returns the newest alert in the ledger. */
async function latestAlert(histories: OpenHistories): Promise<Found | undefined> {
  for (const id of await histories.recentIds()) {
    const found = await findTraced(histories, id);
    if (found?.kind === 'alert') return found;
  }
  return undefined;
}
