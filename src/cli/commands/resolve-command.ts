import type { Command } from 'commander';
import { storedDedupKey } from '../../alert/id.ts';
import { maskNumbers } from '../../alert/phone.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { type CommandContext, printJson, runs, type StoreOptions, storeOptions } from '../command-context.ts';
import { nearestId } from '../options/suggestions.ts';
import { storeConfig } from '../store-config.ts';
import { withEpisodes, withProducer } from '../with-redis.ts';

const EXAMPLES = `Examples:
  sms-dispatch resolve db-1/unreachable
`;

const NOTE = `
Exit code 1 when nothing is open for the key: no alert of it waits, and its last one is resolved already.
`;

export function addResolveCommand(program: Command, { deps, exit }: CommandContext): void {
  const command = storeOptions(
    program
      .command('resolve')
      .description('end the episode of a dedup key: what has not been sent for it is cancelled')
      .argument('<dedup-key>'),
  )
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTE);
  runs<StoreOptions>(command, { deps, exit }, async (args, options) => {
    const dedupKey = args[0] as string;
    if (dedupKey === '') throw new UsageError('name the dedup key');
    const config = await storeConfig(deps, options);
    const { isOpen, recent } = await withEpisodes(deps, config, async (episodes) => {
      const isOpen = await episodes.isOpen(dedupKey);
      return { isOpen, recent: isOpen ? [] : await episodes.recentKeys() };
    });
    if (!isOpen) throw notOpen(dedupKey, recent);
    await withProducer(deps, config, (producer) => producer.resolve(dedupKey));
    deps.stderr.write('resolved: what has not been sent for this key is cancelled\n');
    if (options.json) printJson(deps, { dedupKey, resolved: true });
    return 0;
  });
}

function notOpen(dedupKey: string, recent: readonly string[]): CliFailure {
  const near = recent.includes(storedDedupKey(dedupKey)) ? undefined : nearestId(dedupKey, recent);
  const what = `nothing is open for dedup key ${shown(dedupKey)}`;
  if (recent.includes(storedDedupKey(dedupKey))) return new CliFailure(what, 'Its last alert is resolved already.');
  return new CliFailure(
    what,
    near === undefined ? 'The dedup key of an alert: sms-dispatch explain ALERT_ID.' : `Did you mean ${shown(near)}?`,
  );
}

/** In quotes, without control characters, which JSON escapes, and without a full phone number. */
function shown(dedupKey: string): string {
  return maskNumbers(JSON.stringify(dedupKey));
}
