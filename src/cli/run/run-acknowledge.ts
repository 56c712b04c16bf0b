import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { maskNumbers } from '../../alert/phone/phone.ts';
import type { Config } from '../../config/config.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { nearestId } from '../options/suggestions.ts';
import { storeConfig } from '../store-config.ts';
import { withHistories, withProducer } from '../with-redis.ts';

export interface AcknowledgeOptions extends StoreOptions {
  readonly by?: string;
}

export async function acknowledge(deps: CliDeps, id: string, { by, ...options }: AcknowledgeOptions): Promise<number> {
  if (id === '') throw new UsageError('the alert id is empty');
  const config = await storeConfig(deps, options);
  const answer = await withProducer(deps, config, (producer) => producer.acknowledge(id, by === undefined ? 'cli' : `cli by ${by}`));
  if (answer.kind === 'missing') throw await noSuchAlert(deps, config, id);
  if (answer.kind === 'not_acknowledgeable') {
    throw new CliFailure(`alert ${id} cannot be acknowledged: it was malformed, or its status is resolved`);
  }
  if (answer.kind === 'over' && answer.over === 'resolved') {
    throw new CliFailure(`alert ${id} is already resolved; nothing changed`, `See its outcome: sms-dispatch explain ${id}`);
  }
  const again = answer.kind === 'over';
  const cancelled = again ? 0 : answer.cancelled;
  deps.stderr.write(
    again ? 'the alert is already acknowledged; nothing changed\n' : `acknowledged; ${cancelled} unsent message(s) cancelled\n`,
  );
  if (options.json) printJson(deps, { id, status: again ? `already_${answer.over}` : 'acknowledged', cancelled });
  return 0;
}

/** Builds the error, with the alert that was probably meant: one with a similar id, or that of the message with this id. */
async function noSuchAlert(deps: CliDeps, config: Config, id: string): Promise<CliFailure> {
  const meant = await withHistories(deps, config, async (histories) => {
    const message = ALERT_ID_PATTERN.test(id) ? await histories.message(id) : undefined;
    return message?.alertId ?? nearestId(id, await histories.recentIds());
  });
  const hint = meant === undefined ? 'Check that this is the Redis on which the alert was raised.' : `Did you mean ${meant}?`;
  return new CliFailure(`no alert has the id ${maskNumbers(JSON.stringify(id).slice(1, -1))}, or its record has expired`, hint);
}
