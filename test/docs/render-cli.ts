import type { CliDeps } from '../../src/cli/cli-deps.ts';
import { runCli } from '../../src/cli/run-cli.ts';

const HEAD = `# The command line

What \`sms-dispatch COMMAND --help\` says, for every command. This page is written by \`npm run docs\`.
`;

/** Wide enough for the longest option, narrow enough for a page. */
const COLUMNS = 120;

/** `docs/cli.md` as it should read. */
export async function renderCli(): Promise<string> {
  const sections = (await helpOfAll([])).map(({ path, help }) => {
    return `${'#'.repeat(Math.min(path.length + 2, 4))} ${['sms-dispatch', ...path].join(' ')}\n\n\`\`\`text\n${help.trim()}\n\`\`\`\n`;
  });
  return [HEAD, ...sections].join('\n');
}

export interface CommandHelp {
  readonly path: readonly string[];
  readonly help: string;
}

/** Of this command and all below it, as a person would find them: by what the help of each names. */
export async function helpOfAll(path: readonly string[]): Promise<CommandHelp[]> {
  const help = await helpOf(path);
  const below = await Promise.all(commandsIn(help).map((name) => helpOfAll([...path, name])));
  return [{ path, help }, ...below.flat()];
}

function commandsIn(help: string): string[] {
  const [, list = ''] = /^Commands:\n((?: {2}.*\n?)*)/m.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name as string).filter((name) => name !== 'help');
}

async function helpOf(path: readonly string[]): Promise<string> {
  const said: string[] = [];
  const stdout = { write: (text: string) => said.push(text), columns: COLUMNS };
  // Help needs nothing of the house; whatever else is asked for here is a bug that shows.
  const code = await runCli([...path, '--help'], { stdout, stderr: stdout, version: '0', now: () => new Date(0) } as unknown as CliDeps);
  const help = said.join('');
  if (code !== 0) throw new Error(`no help for ${path.join(' ')}: ${help}`);
  return help;
}
