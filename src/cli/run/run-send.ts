import { AlertError } from '../../alert/parse/parse-alert.ts';
import type { Config } from '../../config/config.ts';
import { storyOfAlert } from '../../explain/story-of-alert.ts';
import type { AlertHistory } from '../../ledger/history/history.ts';
import { isEveryPhoneReached, isSettled, waitForOutcome } from '../../ledger/history/wait-for-outcome.ts';
import type { Enqueued } from '../../queue/producer/producer-port.ts';
import type { CliDeps } from '../cli-deps.ts';
import { type CommonOptions, printJson } from '../command-context.ts';
import { showStory } from '../format/show-story.ts';
import { type AlertOptions, alertFromOptions, withNearNames } from '../options/alert-from-options.ts';
import { severityOf } from '../options/option-values.ts';
import { reportFailure } from '../report-failure.ts';
import { withHistories, withProducer } from '../with-redis.ts';

export interface SendOptions extends CommonOptions, AlertOptions {
  /** Seconds. */
  readonly wait?: number;
}

export async function send(deps: CliDeps, words: readonly string[], options: SendOptions): Promise<number> {
  const typed = alertFromOptions(words, options);
  const { config } = await deps.loadConfig(options.config);
  const alert = { ...typed, severity: severityOf(options.severity, config.severityWords) };
  const enqueued = await withProducer(deps, config, (producer) => producer.enqueue(alert)).catch((error: unknown) => {
    throw error instanceof AlertError ? withNearNames(error, alert, config) : error;
  });
  const json = options.json === true;
  if (enqueued.duplicate) deps.stderr.write('an alert with this id was already accepted; nothing was added\n');
  if (options.wait !== undefined) return printOutcome(deps, config, enqueued, options.wait, json);

  if (json) printJson(deps, enqueued);
  else deps.stdout.write(`${enqueued.id}\n`);
  deps.stderr.write(`see its outcome: sms-dispatch explain ${enqueued.id}\n`);
  return 0;
}

async function printOutcome(deps: CliDeps, config: Config, enqueued: Enqueued, seconds: number, json: boolean): Promise<number> {
  const { id } = enqueued;
  deps.stderr.write(`${id} is queued; waiting up to ${seconds} s for its outcome\n`);
  let trace: AlertHistory | undefined;
  let unsettled = 'No router has processed it yet. Is `npm start` (or `sms-dispatch start`) running?';
  try {
    trace = await withHistories(deps, config, (histories) => waitForOutcome(histories, id, seconds * 1000));
    if (trace !== undefined && trace.outcome !== 'pending') unsettled = 'It has no outcome yet.';
  } catch (error) {
    // The alert is queued all the same: its id must be printed, so that it is not raised again under another id.
    reportFailure(error, deps, false);
    unsettled = 'Its outcome could not be read.';
  }
  const settled = isSettled(trace);
  if (json) printJson(deps, { ...enqueued, settled, alert: trace ?? null });
  else deps.stdout.write(trace === undefined ? `${id}\n` : showStory(storyOfAlert(trace, deps.now()), deps));
  if (!settled) deps.stderr.write(`${unsettled} It stays queued; check again: sms-dispatch explain ${id}\n`);
  return isEveryPhoneReached(trace) ? 0 : 1;
}
