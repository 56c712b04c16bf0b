import type { Command } from 'commander';
import { storedDedupKey } from '../../alert/id.ts';
import { maskNumbers } from '../../alert/phone/phone.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { type CommandContext, printJson, runs, type StoreOptions, storeOptions } from '../command-context.ts';
import { nearestId } from '../options/suggestions.ts';
import { storeConfig } from '../store-config.ts';
import { withEpisodes, withProducer } from '../with-redis.ts';

const EXAMPLES = `Examples:
  sms-dispatch resolve db-1/unreachable
`;

const NOTE = `
Exit code 1 when nothing is open for the key: no alert with it is waiting, and its last one is already resolved.
`;

export function addResolveCommand(program: Command, { deps, exit }: CommandContext): void {
  const command = storeOptions(
    program.command('resolve').description('resolve a dedup key: cancel its unsent messages').argument('<dedup-key>'),
  )
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTE);
  runs<StoreOptions>(command, { deps, exit }, async (args, options) => {
    const dedupKey = args[0] as string;
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
  });
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
