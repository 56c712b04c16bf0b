import type { Command } from 'commander';
import { PROCESS_KINDS, type ProcessKind } from './cli-deps.ts';
import { type CommandContext, type CommonOptions, configOption, runs } from './command-context.ts';

const DOES: Readonly<Record<ProcessKind, string>> = {
  start: 'run everything in one process: Redis (found or embedded), receiver, router, dispatcher',
  router: 'run a router: turns alerts into one message a phone',
  dispatcher: 'run a dispatcher: sends messages through the providers',
  receiver: 'run the HTTP receiver: API, webhooks, delivery receipts',
};

export function addProcessCommands(program: Command, context: CommandContext): void {
  for (const kind of PROCESS_KINDS) {
    const command = program.command(kind).description(DOES[kind]).addOption(configOption());
    runs<CommonOptions>(command, context, (_args, { config }) => context.deps.runProcess(kind, { configPath: config }));
  }
}
