import { isNewEnough, MIN_VERSION } from '../redis/version.ts';
import { run } from './run.ts';

/** A Redis or Valkey server that runs on this machine and is new enough. */
export interface RedisBinary {
  /** Absolute path. */
  readonly command: string;
  /** LD_LIBRARY_PATH that it needs, when its libraries are not the system's. */
  readonly libraryPath?: string;
  /** `Redis 7.0.15` */
  readonly description: string;
}

/** @throws Error saying why this one is of no use */
export async function probeBinary(command: string, libraryPath?: string): Promise<RedisBinary> {
  const env = libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath };
  const output = await run(command, ['--version'], { env, timeoutMs: 10_000 });
  const [, kind, version] = /^(Redis|Valkey) server v=(\S+)/.exec(output) ?? [];
  if (kind === undefined || version === undefined) throw new Error(`${command} is no Redis server`);
  const description = `${kind} ${version}`;
  if (!isNewEnough(version)) throw new Error(`${command} is ${description}, and ${MIN_VERSION} or newer is needed`);
  return { command, description, ...(libraryPath === undefined ? {} : { libraryPath }) };
}
