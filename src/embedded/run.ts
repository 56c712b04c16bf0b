import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Environment } from './on-path.ts';

const execFileAsync = promisify(execFile);

export interface RunOptions {
  readonly env: Environment;
  readonly cwd?: string;
  readonly timeoutMs: number;
}

/** The output of a command. @throws Error with what the command itself had to say about its failure */
export async function run(command: string, args: readonly string[], { env, cwd, timeoutMs }: RunOptions): Promise<string> {
  try {
    const { stdout } = await execFileAsync(command, args, { env, cwd, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stderr, killed, message } = error as Error & { stderr?: string; killed?: boolean };
    if (killed) throw new Error(`${command} took longer than ${timeoutMs / 1000} s`, { cause: error });
    throw new Error(stderr?.trim().split('\n').slice(-3).join(' / ') || message, { cause: error });
  }
}
