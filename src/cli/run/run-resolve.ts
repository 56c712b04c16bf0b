import { storedDedupKey } from '../../alert/id.ts';
import { maskNumbers } from '../../alert/phone/phone.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { nearestId } from '../options/suggestions.ts';
import { storeConfig } from '../store-config.ts';
import { withEpisodes, withProducer } from '../with-redis.ts';

export async function resolve(deps: CliDeps, dedupKey: string, options: StoreOptions): Promise<number> {
  if (dedupKey === '') throw new UsageError('the dedup key is empty');
  const config = await storeConfig(deps, options);
  const { isOpen, recent } = await withEpisodes(deps, config, async (episodes) => {
    const isOpen = await episodes.isOpen(dedupKey);
    return { isOpen, recent: isOpen ? [] : await episodes.recentKeys() };
  });
  if (!isOpen) throw notOpen(dedupKey, recent);
  await withProducer(deps, config, (producer) => producer.resolve(dedupKey));
  deps.stderr.write('resolved; unsent messages of this key are cancelled\n');
  if (options.json) printJson(deps, { dedupKey, resolved: true });
  return 0;
}

function notOpen(dedupKey: string, recent: readonly string[]): CliFailure {
  const near = recent.includes(storedDedupKey(dedupKey)) ? undefined : nearestId(dedupKey, recent);
  const what = `nothing is open for dedup key ${shown(dedupKey)}`;
  if (recent.includes(storedDedupKey(dedupKey))) return new CliFailure(what, 'Its last alert is already resolved.');
  return new CliFailure(
    what,
    near === undefined ? 'To see the dedup key of an alert: sms-dispatch explain ALERT_ID.' : `Did you mean ${shown(near)}?`,
  );
}

/** Quotes the key, with control characters escaped by JSON and phone numbers masked. */
function shown(dedupKey: string): string {
  return maskNumbers(JSON.stringify(dedupKey));
}
