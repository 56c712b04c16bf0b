#!/usr/bin/env node
import type { ProcessKind, ProcessOptions } from '../src/cli/cli-deps.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { mayColour } from '../src/cli/terminal/printable-text.ts';
import { openTerminalScreen } from '../src/cli/terminal/terminal-screen.ts';
import { type Clock, systemClock } from '../src/clock.ts';
import { readEnvironment } from '../src/setting/environment.ts';
import { version } from '../src/version.ts';
import { askAtTerminal } from './ask-at-terminal.ts';
import { exitOnSignal } from './interrupt.ts';
import { nextSignal } from './signals.ts';

const env = readEnvironment();

/** The clock of Redis once a command has connected to it, the system clock before. */
let clock: Clock = systemClock;

const PROCESSES: Readonly<Record<ProcessKind, () => Promise<{ run(options: ProcessOptions): Promise<number> }>>> = {
  start: () => import('./start.ts'),
  worker: () => import('./worker.ts'),
  router: () => import('./router.ts'),
  dispatcher: () => import('./dispatcher.ts'),
  receiver: () => import('./receiver.ts'),
};

/** Loaded by the first command that uses Redis. */
async function stores() {
  const { createCommandStores } = await import('./command-stores.ts');
  return createCommandStores({
    env,
    onClock: (known) => {
      clock = known;
    },
  });
}

// The reader of a pipe may have exited, as `head` does. Its output is lost then; the work and its exit code are not.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const finishFirst = exitOnSignal((line) => process.stderr.write(line));

function openScreenHere() {
  finishFirst();
  const screen = openTerminalScreen({ input: process.stdin, output: process.stdout, ended: nextSignal() });
  // Restores the terminal however the process ends, a bug included.
  process.on('exit', screen.close);
  return screen;
}

const exitCode = await runCli(process.argv.slice(2), {
  loadConfig: async (path) => (await import('../src/config/load-config.ts')).loadConfig({ path, env }),
  readableConfig: async (error, path) => (await import('../src/config/readable-config.ts')).readableConfig(error, { path, env }),
  openProducer: async (config) => (await stores()).openProducer(config),
  openHistories: async (config) => (await stores()).openHistories(config),
  openEpisodes: async (config) => (await stores()).openEpisodes(config),
  openDeadLetters: async (config) => (await stores()).openDeadLetters(config),
  openUnknownResolver: async (config) => (await stores()).openUnknownResolver(config),
  openInboundLog: async (config) => (await stores()).openInboundLog(config),
  openOptOuts: async (config) => (await stores()).openOptOuts(config),
  openBudgets: async (config) => (await stores()).openBudgets(config),
  openOverview: async (config) => (await stores()).openOverview(config),
  inspectRedis: async (config) => (await stores()).inspectRedis(config),
  redisAddress: async (config) => (await stores()).redisAddress(config),
  askProcess: async (url) => (await import('./ask-process.ts')).askProcess(url),
  openProvider: async (config, name) => (await import('./open-provider.ts')).openProvider(config, name),
  runProcess: async (kind, options) => {
    finishFirst();
    return (await PROCESSES[kind]()).run(options);
  },
  stdout: process.stdout,
  stderr: process.stderr,
  colour: mayColour(process.stdout.isTTY, env),
  ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm: askAtTerminal } : {}),
  ...(process.stdin.isTTY && process.stdout.isTTY ? { openScreen: openScreenHere } : {}),
  interrupted: () => {
    finishFirst();
    const stop = new AbortController();
    void nextSignal().then(() => stop.abort());
    return stop.signal;
  },
  now: () => clock.now(),
  version,
  env,
  nodeVersion: process.versions.node,
});
await Promise.all([process.stdout, process.stderr].map(written));
process.exit(exitCode);

/** Resolves when the reader has taken everything or is gone: exiting drops what a pipe has not taken. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
