import { type Command, Option } from 'commander';
import { PURPOSES } from '../../alert/purpose.ts';
import { type CommandContext, configOption, jsonOption, runs } from '../command-context.ts';
import { severityOption, wordOption } from '../options/option-values.ts';
import { ENCODINGS } from './bulk-encoding.ts';
import type { BulkOptions } from './run-bulk.ts';

const EXAMPLES = `Examples:
  sms-dispatch bulk codes.csv --template login-code --purpose verification
  sms-dispatch bulk notice.csv --template maintenance --severity info --json

  codes.csv:   to,code,minutes
               +60123456789,1234,5

An interrupted run continues with the same command. A row is identified by recipient, template and values: the same row is
accepted once within a week, whatever else in the file, its format or --severity changed, and once if it occurs twice in a file.
`;

export function addBulkCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('bulk')
    .description('raise one alert per CSV row; needs a column `to` and one per template variable')
    .argument('<file>', 'the CSV file; its first line names the columns')
    .addOption(new Option('--template <name>', 'a template of the config').makeOptionMandatory())
    .addOption(severityOption('info for messages that may wait behind alerts'))
    .addOption(wordOption('--purpose <word>', 'purpose of the messages', PURPOSES).default('notification'))
    .option('--source <name>', 'source of the alerts, for routes and caps')
    .option('--expires-at <time>', 'do not send after this time, such as 2026-11-20T03:30:00Z')
    .addOption(
      new Option('--encoding <name>', 'encoding of the file (default: UTF-8, or UTF-16 where the file shows it)').choices(ENCODINGS),
    )
    .option('--id-column <name>', 'a column that identifies each row: the same value is accepted once, whatever the other columns contain')
    .option('--again', 'send rows again that were accepted before')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<BulkOptions>(command, context, async ([path], options) =>
    (await import('./run-bulk.ts')).bulk(context.deps, path as string, options),
  );
}
