import type { Command } from 'commander';
import { maskNumbers } from '../alert/phone.ts';
import { CliFailure, UsageError } from './cli-failure.ts';
import { type CommandContext, type CommonOptions, configOption, jsonOption, printJson, runs } from './command-context.ts';
import { withProducer } from './with-redis.ts';

const EXAMPLES = `Examples:
  sms-dispatch acknowledge ALERT_ID
  sms-dispatch ack ALERT_ID --by alice
`;

interface AcknowledgeOptions extends CommonOptions {
  readonly by?: string;
}

export function addAcknowledgeCommand(program: Command, { deps, exit }: CommandContext): void {
  const command = program
    .command('acknowledge')
    .alias('ack')
    .description('take care of an alert: what has not been sent for it is cancelled, and its repeats stay silent')
    .argument('<alert-id>')
    .option('--by <name>', 'who takes care, for the trace')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<AcknowledgeOptions>(command, { deps, exit }, async (args, { by, ...options }) => {
    const id = args[0] as string;
    if (id === '') throw new UsageError('name the alert');
    const { config } = await deps.loadConfig(options.config);
    const answer = await withProducer(deps, config, (producer) => producer.acknowledge(id, by === undefined ? 'cli' : `cli by ${by}`));
    if (answer.kind === 'missing') throw new CliFailure(`no alert ${maskNumbers(id)}, or it is past its time`);
    if (answer.kind === 'pointless') {
      throw new CliFailure(`alert ${id} was malformed, or tells itself that something is resolved: there is nothing to take care of`);
    }
    const again = answer.kind === 'over';
    const cancelled = again ? 0 : answer.cancelled;
    deps.stderr.write(
      again ? `it was ${answer.over} before: nothing has changed\n` : `acknowledged: ${cancelled} text(s) not sent yet are cancelled\n`,
    );
    if (options.json) printJson(deps, { id, status: again ? `already_${answer.over}` : 'acknowledged', cancelled });
    return 0;
  });
}
