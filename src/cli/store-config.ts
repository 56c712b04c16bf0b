import type { Config } from '../config/config.ts';
import { ConfigError, formatFault } from '../config/fault.ts';
import { configSchema } from '../config/schema/schema.ts';
import { parseRedisUrl, redactUrl } from '../redis/connection/redis-url.ts';
import { Secret } from '../setting/secret.ts';
import type { CliDeps, LoadedConfig } from './cli-deps.ts';
import { UsageError } from './cli-failure.ts';
import type { StoreOptions } from './command-context.ts';
import { faultCount } from './report-failure.ts';

/**
 * Loads the config for a command that only uses data in Redis and sends nothing. If the file has faults, its valid sections are used,
 * and one line on stderr reports it. `--redis` and `--prefix` override everything.
 * @throws {ConfigError} when the config names a Redis that cannot be read, and neither `--redis` nor REDIS_URL is given
 * @throws {UsageError} for an invalid option
 */
export async function storeConfig(deps: CliDeps, options: StoreOptions): Promise<Config> {
  const given = readGiven(options);
  const loaded = await deps.loadConfig(options.config).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  if (!(loaded instanceof ConfigError)) return withGiven(loaded.config, given);
  const used = await readableStore(deps, loaded, options);
  if (used === undefined) throw loaded;
  deps.stderr.write(`warning: ${describe(loaded)}; using ${await describeRedis(deps, used)}, prefix ${used.redis.prefix}\n`);
  return used;
}

/**
 * Returns the valid parts of a rejected config; `undefined` when it names a Redis that cannot be read, and neither `--redis`
 * nor REDIS_URL is given. @throws {UsageError} for an invalid option
 */
export async function readableStore(deps: CliDeps, refused: ConfigError, options: StoreOptions): Promise<Config | undefined> {
  const given = readGiven(options);
  const { config, redisIsKnown } = await deps.readableConfig(refused, options.config);
  return redisIsKnown || given.url !== undefined ? withGiven(config, given) : undefined;
}

/** Like {@link storeConfig}, for a command that needs a valid config. @throws {ConfigError} */
export async function soundConfig(deps: CliDeps, options: StoreOptions): Promise<Config> {
  return (await soundStore(deps, options)).config;
}

/** Like {@link soundConfig}, with path, hash and warnings of the config. @throws {ConfigError} */
export async function soundStore(deps: CliDeps, options: StoreOptions): Promise<LoadedConfig> {
  const given = readGiven(options);
  const loaded = await deps.loadConfig(options.config);
  return { ...loaded, config: withGiven(loaded.config, given) };
}

/** Describes the Redis in use; where none is found, the command itself reports it. */
async function describeRedis(deps: CliDeps, config: Config): Promise<string> {
  const { url } = config.redis;
  if (url !== undefined) return `Redis ${redactUrl(url.reveal())}`;
  return `Redis ${await Promise.resolve(deps.redisAddress(config)).catch(() => 'of this machine')}`;
}

function describe(error: ConfigError): string {
  const [first] = error.faults;
  const place = first?.file === undefined ? '' : `${first.file}: `;
  if (error.faults.length === 1 && first !== undefined) return formatFault(first);
  return `${place}${faultCount(error)} (sms-dispatch config check lists them)`;
}

interface Given {
  readonly url?: string;
  readonly prefix?: string;
}

function readGiven({ redis: url, prefix }: StoreOptions): Given {
  if (url !== undefined) {
    try {
      parseRedisUrl(url);
    } catch (error) {
      throw new UsageError(`--redis: ${(error as Error).message}`);
    }
  }
  const verdict = configSchema.shape.redis.unwrap().shape.prefix.safeParse(prefix);
  if (!verdict.success) throw new UsageError(`--prefix: ${verdict.error.issues[0]?.message}`);
  return { ...(url === undefined ? {} : { url }), ...(prefix === undefined ? {} : { prefix }) };
}

function withGiven(config: Config, { url, prefix }: Given): Config {
  if (url === undefined && prefix === undefined) return config;
  const redis = { url: url === undefined ? config.redis.url : new Secret(url), prefix: prefix ?? config.redis.prefix };
  return { ...config, redis };
}
