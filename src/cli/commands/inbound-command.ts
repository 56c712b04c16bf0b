import { type Command, InvalidArgumentError, Option } from 'commander';
import { INBOUND_LENGTH } from '../../redis/keys.ts';
import { type CommandContext, runs, storeOptions } from '../command-context.ts';
import type { ListOptions } from '../run/run-inbound.ts';

const EXAMPLES = `Examples:
  sms-dispatch inbound list
  sms-dispatch inbound list --json --limit 1000
`;

export function addInboundCommand(program: Command, context: CommandContext): void {
  const inbound = program
    .command('inbound')
    .description('inbound messages and their effect: STOP, START, an acknowledgement, or none')
    .addHelpText('before', EXAMPLES);
  const list = inbound
    .command('list')
    .description('list the newest ones; the last 1000 are kept')
    .addOption(new Option('--limit <n>', 'maximum number of entries').default(50).argParser(countArgument))
    .option('--unmatched', 'only those without an effect')
    .addHelpText('before', EXAMPLES);
  runs<ListOptions>(storeOptions(list), context, async (_, options) =>
    (await import('../run/run-inbound.ts')).printList(context.deps, options),
  );
}

function countArgument(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= INBOUND_LENGTH) return count;
  throw new InvalidArgumentError(`Use a whole number from 1 to ${INBOUND_LENGTH}.`);
}
