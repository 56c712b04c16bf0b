import { validate } from './check/validate.ts';
import { compileConfig } from './compile.ts';
import type { Config } from './config.ts';
import { ConfigError } from './fault.ts';
import { fileOf, type LoadOptions } from './load-config.ts';
import { configSchema, type ParsedConfig } from './schema/schema.ts';
import { readEnvSettings } from './source/env-settings.ts';
import { openSource } from './source/open-source.ts';
import { readText } from './source/read-text.ts';
import type { YamlSource } from './source/yaml-source.ts';

/** Usable part of a config with faults. */
export interface ReadableConfig {
  /** Sections without faults as written, the others as if omitted; providers and routes may be empty. */
  readonly config: Config;
  /** False when the file or the environment names a Redis that cannot be parsed: a default must not replace it. */
  readonly redisIsKnown: boolean;
}

type Section = keyof ParsedConfig;

const SECTIONS = Object.keys(configSchema.shape) as Section[];

/**
 * Reads the usable part of a config that `loadConfig` rejected, for commands that need Redis and little else. It must not
 * be used to send.
 * @param error the error of `loadConfig` for the same options
 */
export function readableConfig(error: ConfigError, { path, env, overrides = {} }: LoadOptions): ReadableConfig {
  const { settings: given, faults: envFaults } = readEnvSettings(env);
  const settings = { ...given, ...overrides };
  const file = fileOf(path, env);
  const { source, mentionsRedis } = open(file, env);
  const faulty = error.faults.filter((fault) => fault.file === file).map((fault) => fault.path);
  const isSound = (place: string) => !faulty.some((at) => at === place || at.startsWith(`${place}.`) || at.startsWith(`${place}[`));

  const sections = SECTIONS.filter((section) => isSound(section) && section !== 'redis');
  const kept = Object.assign({}, ...sections.map((section) => sectionOf(source, [section])));
  const redis = Object.assign({}, ...(['url', 'prefix'] as const).map((key) => (isSound(`redis.${key}`) ? redisKey(source, key) : {})));
  const config = compile({ ...kept, redis }, settings);

  const isRefused = faulty.includes('redis') || !isSound('redis.url') || (source === undefined && mentionsRedis);
  const isMisspelt = envFaults.some((fault) => fault.path === 'env REDIS_URL');
  return { config, redisIsKnown: settings.redisUrl !== undefined || !(isRefused || isMisspelt) };
}

function open(file: string, env: LoadOptions['env']): { source: YamlSource | undefined; mentionsRedis: boolean } {
  const onRead = () => undefined;
  const read = readText(file, onRead);
  if (read.kind !== 'text') return { source: undefined, mentionsRedis: read.kind === 'unreadable' };
  const mentionsRedis = /^\s*redis\s*:/m.test(read.text);
  try {
    return { source: openSource(read.text, { file, such: 'settings', env, onRead }).source, mentionsRedis };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { source: undefined, mentionsRedis };
  }
}

/** A section with its name, or nothing if it is absent or invalid. */
function sectionOf(source: YamlSource | undefined, path: readonly [Section]): Partial<ParsedConfig> {
  const [section] = path;
  if (source?.document.hasIn(path) !== true) return {};
  const validated = validate(source, configSchema.pick({ [section]: true } as Record<Section, true>).strip());
  return 'data' in validated ? (validated.data as Partial<ParsedConfig>) : {};
}

/** One key of `redis:`, which is usable even if its neighbour is invalid. */
function redisKey(source: YamlSource | undefined, key: 'url' | 'prefix'): Partial<ParsedConfig['redis']> {
  const written = source?.document.getIn(['redis', key]);
  const shape = configSchema.shape.redis.unwrap().shape;
  const read = shape[key].safeParse(written ?? undefined);
  return read.success && written !== undefined ? { [key]: read.data } : {};
}

/** Replaces the required sections. */
const PLACEHOLDER = { providers: { none: { type: 'simulated' } }, routes: [{ providers: ['none'] }] };

function compile(kept: Partial<ParsedConfig>, settings: Parameters<typeof compileConfig>[1]): Config {
  const defaults = configSchema.parse(PLACEHOLDER);
  const whole = { ...defaults, ...kept, redis: { ...defaults.redis, ...kept.redis } };
  // A route is usable only with the providers that it names.
  const routes = kept.providers === undefined ? undefined : kept.routes;
  const config = compileConfig(whole, settings);
  return {
    ...config,
    providers: kept.providers === undefined ? new Map() : config.providers,
    routes: routes === undefined ? [] : config.routes,
  };
}
