import { maskNumbers } from '../../alert/phone/phone.ts';
import { describeInbound } from '../../explain/reason-words.ts';
import { recipientOf } from '../../explain/story.ts';
import { INBOUND_LENGTH } from '../../redis/keys.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatTime } from '../../text/format-time.ts';
import type { CliDeps } from '../cli-deps.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { storeConfig } from '../store-config.ts';
import { withInboundLog } from '../with-redis.ts';

export interface ListOptions extends StoreOptions {
  readonly limit: number;
  readonly unmatched?: true;
}

export async function printList(deps: CliDeps, options: ListOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const { total, entries } = await withInboundLog(deps, config, (log) => log.newest(options.unmatched ? INBOUND_LENGTH : options.limit));
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
