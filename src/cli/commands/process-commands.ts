import type { Command } from 'commander';
import { PROCESS_KINDS, type ProcessKind } from '../cli-deps.ts';
import { type CommandContext, type CommonOptions, configOption, runs } from '../command-context.ts';

const DOES: Readonly<Record<ProcessKind, string>> = {
  start: 'run everything in one process: Redis (found or embedded), receiver, router, dispatcher',
  worker: 'run a worker: router and dispatcher in one process, the way to scale out',
  router: 'run a router: turns alerts into one message per phone',
  dispatcher: 'run a dispatcher: sends messages through the providers',
  receiver: 'run the HTTP receiver: API, webhooks, delivery receipts',
};

const SERVES_CONSOLE: readonly ProcessKind[] = ['start', 'receiver'];

interface ProcessCommandOptions extends CommonOptions {
  readonly console?: true;
}

const EXAMPLES: Readonly<Record<ProcessKind, string>> = {
  start: '  sms-dispatch start                                  everything, with an embedded Redis where none runs\n',
  worker: '  REDIS_URL=redis://10.0.0.5 sms-dispatch worker          as many as the load needs\n',
  router: '  REDIS_URL=redis://10.0.0.5 sms-dispatch router\n',
  dispatcher: '  REDIS_URL=redis://10.0.0.5 sms-dispatch dispatcher --config /etc/sms-dispatch.yaml\n',
  receiver: '  REDIS_URL=redis://10.0.0.5 PORT=8080 sms-dispatch receiver\n',
};

const SIGNALS = '\nSIGHUP reloads the config. Ctrl-C and SIGTERM finish what is in flight; a second one exits immediately.';

export function addProcessCommands(program: Command, context: CommandContext): void {
  for (const kind of PROCESS_KINDS) {
    const command = program
      .command(kind)
      .description(DOES[kind])
      .addOption(configOption())
      .addHelpText('before', `Examples:\n${EXAMPLES[kind]}`)
      .addHelpText('after', SIGNALS);
    if (SERVES_CONSOLE.includes(kind)) command.option('--console', 'serve the console at /console, like `http: { console: true }`');
    runs<ProcessCommandOptions>(command, context, (_args, { config, console }) =>
      context.deps.runProcess(kind, { configPath: config, ...(console === undefined ? {} : { console }) }),
    );
  }
}
