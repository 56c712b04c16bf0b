import { type Command, InvalidArgumentError, Option } from 'commander';
import { PURPOSES } from '../../alert/purpose.ts';
import { type CommandContext, collect, configOption, jsonOption, runs } from '../command-context.ts';
import { severityOption, wordOption } from '../options/option-values.ts';
import type { SendOptions } from '../run/run-send.ts';

const EXAMPLES = `Examples:
  sms-dispatch send --to +60123456789 "Disk full"
  sms-dispatch send --to group:oncall --to contact:alice --severity critical --wait=30 "Database unreachable"
  sms-dispatch send --to +60123456789 --purpose verification --template login-code --param code=1234 --param minutes=5
`;

export function addSendCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('send')
    .description('raise an alert and print its id')
    .argument('[text...]', 'text of the message, in quotes; or use --template')
    .addOption(
      new Option('--to <recipient>', 'a phone number, contact:<name>, group:<name> or rotation:<name>; repeatable')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(severityOption('by default routes send only critical alerts'))
    .option('--template <name>', 'a template of the config instead of a text')
    .addOption(new Option('--param <name=value>', 'a variable of the template; repeatable').argParser(collect))
    .option('--id <id>', 'idempotency key: the same id again is the same alert, not a second one')
    .option('--dedup-key <key>', 'key of the problem; suppresses repeats, and `resolve` ends it')
    .option('--source <name>', 'source of the alert, such as a service')
    .option('--instance <name>', 'affected instance, such as a host')
    .addOption(new Option('--label <name=value>', 'label for matching routes; repeatable').argParser(collect))
    .addOption(wordOption('--purpose <word>', 'purpose of the message (default: alert)', PURPOSES))
    .option('--expires-at <time>', 'do not send after this time, such as 2026-11-20T03:30:00Z')
    .addOption(
      new Option('--wait [seconds]', 'wait until every phone has an outcome, and explain it; exit 1 unless all were sent')
        .preset('30')
        .argParser(secondsArgument),
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<SendOptions>(command, context, async (words, options) => (await import('../run/run-send.ts')).send(context.deps, words, options));
}

function secondsArgument(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('Use a number of seconds above 0; in front of the text write --wait=30.');
}
