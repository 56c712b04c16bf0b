import { type Command, InvalidArgumentError, Option } from 'commander';
import { maskNumbers } from '../../alert/phone/phone.ts';
import { describeInbound } from '../../explain/reason-words.ts';
import { recipientOf } from '../../explain/story.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatTime } from '../../text/format-time.ts';
import type { CliDeps } from '../cli-deps.ts';
import { type CommandContext, printJson, runs, type StoreOptions, storeOptions } from '../command-context.ts';
import { storeConfig } from '../store-config.ts';
import { withInboundLog } from '../with-redis.ts';

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
  runs<ListOptions>(storeOptions(list), context, (_, options) => printList(context.deps, options));
}

interface ListOptions extends StoreOptions {
  readonly limit: number;
  readonly unmatched?: true;
}

const MOST = 1000;

async function printList(deps: CliDeps, options: ListOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const { total, entries } = await withInboundLog(deps, config, (log) => log.newest(options.unmatched ? MOST : options.limit));
  const shown = entries.filter(({ kind }) => !options.unmatched || kind === 'unmatched').slice(0, options.limit);
  if (options.json) printJson(deps, { total, inbound: shown });
  else if (shown.length > 0) {
    const rows = shown.map((entry) => [
      formatTime(entry.at),
      recipientOf({ to: entry.from, contact: entry.contact }),
      describeInbound(entry),
      maskNumbers(entry.text),
    ]);
    deps.stdout.write(`${formatTable([['AT', 'FROM', 'EFFECT', 'TEXT'], ...rows])}\n`);
  }
  deps.stderr.write(total === 0 ? 'no inbound messages\n' : `${shown.length} of ${total} inbound messages\n`);
  return 0;
}

function countArgument(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST) return count;
  throw new InvalidArgumentError(`Use a whole number from 1 to ${MOST}.`);
}
