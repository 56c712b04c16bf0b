import type { Command } from 'commander';
import { ALERT_ID_PATTERN } from '../alert/id.ts';
import { LEDGER_TTL_MS } from '../redis/keys.ts';
import type { CliDeps } from './cli-deps.ts';
import { CliFailure, UsageError } from './cli-failure.ts';
import { type CommandContext, type CommonOptions, configOption, jsonOption, printJson, runs } from './command-context.ts';
import { explainAlert } from './explain-alert.ts';
import { explainMessage } from './explain-message.ts';
import { withTraces } from './with-redis.ts';

const EXAMPLES = `Examples:
  sms-dispatch explain order-42.paid
  sms-dispatch explain --json m-3kTm0aQ9ZxYb1cD2eF4gHi
`;

export function addExplainCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('explain')
    .description('why was I, or was I not, texted: what became of an alert or a message')
    .argument('<id>', 'of an alert or a message')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<CommonOptions>(command, context, ([id], options) => explain(context.deps, id as string, options));
}

async function explain(deps: CliDeps, id: string, options: CommonOptions): Promise<number> {
  if (!ALERT_ID_PATTERN.test(id)) throw new UsageError('that is not an id: ids are 1 to 128 of A-Z a-z 0-9 . _ -');
  const { config } = await deps.loadConfig(options.config);
  const { alert, message } = await withTraces(deps, config, async (traces) => {
    const alert = await traces.alert(id);
    return { alert, message: alert === undefined ? await traces.message(id) : undefined };
  });
  const trace = alert ?? message;
  if (trace === undefined) {
    throw new CliFailure(
      `no alert and no message has the id ${id}`,
      `Ids are kept for ${LEDGER_TTL_MS / 86_400_000} days. Is it the same Redis, ${await deps.redisAddress(config)}, that the alert was raised on?`,
    );
  }
  if (options.json) printJson(deps, trace);
  else if (alert !== undefined) deps.stdout.write(explainAlert(alert, deps.now()));
  else if (message !== undefined) deps.stdout.write(explainMessage(message, deps.now()));
  return 0;
}
