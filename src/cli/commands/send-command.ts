import { type Command, InvalidArgumentError, Option } from 'commander';
import { PURPOSES } from '../../alert/alert.ts';
import { AlertError } from '../../alert/parse-alert.ts';
import type { Config } from '../../config/config.ts';
import { storyOfAlert } from '../../explain/story-of-alert.ts';
import type { AlertHistory } from '../../ledger/history/history.ts';
import { isEveryPhoneReached, isSettled, waitForOutcome } from '../../ledger/history/wait-for-outcome.ts';
import type { Enqueued } from '../../queue/producer/producer-port.ts';
import type { CliDeps } from '../cli-deps.ts';
import { reportFailure } from '../cli-failure.ts';
import { type CommandContext, type CommonOptions, collect, configOption, jsonOption, printJson, runs } from '../command-context.ts';
import { showStory } from '../format/show-story.ts';
import { type AlertOptions, alertFromOptions } from '../options/alert-from-options.ts';
import { severityOf, severityOption, wordOption } from '../options/option-values.ts';
import { withNearNames } from '../options/suggestions.ts';
import { withHistories, withProducer } from '../with-redis.ts';

interface SendOptions extends CommonOptions, AlertOptions {
  /** Seconds. */
  readonly wait?: number;
}

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
  runs<SendOptions>(command, context, (words, options) => send(context.deps, words, options));
}

async function send(deps: CliDeps, words: readonly string[], options: SendOptions): Promise<number> {
  const typed = alertFromOptions(words, options);
  const { config } = await deps.loadConfig(options.config);
  const alert = { ...typed, severity: severityOf(options.severity, config.severityWords) };
  const enqueued = await withProducer(deps, config, (producer) => producer.enqueue(alert)).catch((error: unknown) => {
    throw error instanceof AlertError ? withNearNames(error, alert, config) : error;
  });
  const json = options.json === true;
  if (enqueued.duplicate) deps.stderr.write('an alert with this id was already accepted; nothing was added\n');
  if (options.wait !== undefined) return printOutcome(deps, config, enqueued, options.wait, json);

  if (json) printJson(deps, enqueued);
  else deps.stdout.write(`${enqueued.id}\n`);
  deps.stderr.write(`see its outcome: sms-dispatch explain ${enqueued.id}\n`);
  return 0;
}

async function printOutcome(deps: CliDeps, config: Config, enqueued: Enqueued, seconds: number, json: boolean): Promise<number> {
  const { id } = enqueued;
  deps.stderr.write(`${id} is queued; waiting up to ${seconds} s for its outcome\n`);
  let trace: AlertHistory | undefined;
  let unsettled = 'No router has processed it yet. Is `npm start` (or `sms-dispatch start`) running?';
  try {
    trace = await withHistories(deps, config, (histories) => waitForOutcome(histories, id, seconds * 1000));
    if (trace !== undefined && trace.outcome !== 'pending') unsettled = 'It has no outcome yet.';
  } catch (error) {
    // The alert is queued all the same: its id must be printed, so that it is not raised again under another id.
    reportFailure(error, deps, false);
    unsettled = 'Its outcome could not be read.';
  }
  const settled = isSettled(trace);
  if (json) printJson(deps, { ...enqueued, settled, alert: trace ?? null });
  else deps.stdout.write(trace === undefined ? `${id}\n` : showStory(storyOfAlert(trace, deps.now()), deps));
  if (!settled) deps.stderr.write(`${unsettled} It stays queued; check again: sms-dispatch explain ${id}\n`);
  return isEveryPhoneReached(trace) ? 0 : 1;
}

function secondsArgument(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('Use a number of seconds above 0; in front of the text write --wait=30.');
}
