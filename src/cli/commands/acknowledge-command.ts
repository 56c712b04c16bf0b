import type { Command } from 'commander';
import { type CommandContext, runs, storeOptions } from '../command-context.ts';
import type { AcknowledgeOptions } from '../run/run-acknowledge.ts';

const EXAMPLES = `Examples:
  sms-dispatch acknowledge ALERT_ID
  sms-dispatch ack ALERT_ID --by alice
`;

const NOTE = `
Exit code 1 when nothing is open for the alert: no alert has this id, or it is already resolved.
`;

export function addAcknowledgeCommand(program: Command, context: CommandContext): void {
  const command = storeOptions(
    program
      .command('acknowledge')
      .alias('ack')
      .description('acknowledge an alert: cancel its unsent messages and suppress its repeats')
      .argument('<alert-id>')
      .option('--by <name>', 'who acknowledges it, for the history'),
  )
    .addHelpText('after', NOTE)
    .addHelpText('before', EXAMPLES);
  runs<AcknowledgeOptions>(command, context, async ([id], options) =>
    (await import('../run/run-acknowledge.ts')).acknowledge(context.deps, id as string, options),
  );
}
