import type { Command } from 'commander';
import { UsageError } from './cli-failure.ts';
import { type CommandContext, type CommonOptions, configOption, jsonOption, printJson, runs } from './command-context.ts';
import { withProducer } from './with-redis.ts';

const EXAMPLES = `Examples:
  sms-dispatch resolve db-1/unreachable
`;

export function addResolveCommand(program: Command, { deps, exit }: CommandContext): void {
  const command = program
    .command('resolve')
    .description('end the episode of a dedup key: what has not been sent for it is cancelled')
    .argument('<dedup-key>')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<CommonOptions>(command, { deps, exit }, async (args, options) => {
    const dedupKey = args[0] as string;
    if (dedupKey === '') throw new UsageError('name the dedup key');
    const { config } = await deps.loadConfig(options.config);
    await withProducer(deps, config, (producer) => producer.resolve(dedupKey));
    deps.stderr.write('resolved: what has not been sent for this key is cancelled\n');
    if (options.json) printJson(deps, { dedupKey, resolved: true });
    return 0;
  });
}
