import type { Command } from 'commander';
import { type CommandContext, type CommonOptions, jsonOption, printJson, runs } from '../command-context.ts';

export function addSchemaCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('schema')
    .description('print the JSON Schema of an alert, for producers in other languages')
    .addOption(jsonOption())
    .addHelpText('before', 'Examples:\n  sms-dispatch schema > alert.schema.json\n');
  runs<CommonOptions>(command, context, async () => {
    const { alertJsonSchema } = await import('../../alert/json-schema.ts');
    printJson(context.deps, alertJsonSchema());
    return 0;
  });
}
