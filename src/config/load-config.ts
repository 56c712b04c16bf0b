import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, isScalar } from 'yaml';
import { compileConfig } from './compile.ts';
import type { Config } from './config.ts';
import { crossCheck } from './cross-check.ts';
import { dropEmpty } from './drop-empty.ts';
import { takeDuplicates } from './duplicate-keys.ts';
import { readEnvSettings, type Settings } from './env-settings.ts';
import type { Environment } from './environment.ts';
import { ConfigError, type Fault } from './fault.ts';
import { type Finding, toFault } from './finding.ts';
import { fingerprint } from './fingerprint.ts';
import { interpolate } from './interpolate.ts';
import { configSchema } from './schema.ts';
import { validate } from './validate.ts';
import { warningsFor } from './warnings.ts';
import { parseYaml, type YamlSource } from './yaml-source.ts';

export const DEFAULT_CONFIG_PATH = 'config/sms-dispatch.yaml';

export interface LoadedConfig {
  readonly config: Config;
  /** The file it came from, as a person would write it. */
  readonly path: string;
  /** The same on every replica whose config means the same: 12 hex digits. */
  readonly hash: string;
  /** What is allowed and probably not meant. */
  readonly warnings: readonly Fault[];
}

export interface LoadOptions {
  /** Wins over `SMS_DISPATCH_CONFIG`, which wins over {@link DEFAULT_CONFIG_PATH}. */
  readonly path?: string | undefined;
  readonly env: Environment;
  /** Wins over the environment, which wins over the file. */
  readonly overrides?: Settings;
}

/** @throws {ConfigError} with every fault at once. */
export function loadConfig({ path, env, overrides = {} }: LoadOptions): LoadedConfig {
  const file = path ?? (env.SMS_DISPATCH_CONFIG || DEFAULT_CONFIG_PATH);
  const { settings: given, faults: envFaults } = readEnvSettings(env);
  const settings = { ...given, ...overrides };

  const source = parseYaml(readText(file), file);
  refuseOtherThanMap(source);
  const unreadable = [...takeDuplicates(source), ...interpolate(source, env)];
  dropEmpty(source);
  const validated = validate(source, configSchema);
  const invalid = 'findings' in validated ? unlessAt(unreadable, validated.findings) : [];
  const local = [...unreadable, ...invalid];
  const findings = [...local, ...unlessAt(local, crossCheck(source, settings))];
  if (findings.length > 0 || envFaults.length > 0 || 'findings' in validated) {
    throw new ConfigError([...inFileOrder(findings.map((finding) => toFault(source, finding))), ...envFaults]);
  }
  const config = compileConfig(validated.data, settings);
  const warnings = inFileOrder(warningsFor(validated.data, source).map((finding) => toFault(source, finding)));
  return { config, path: file, hash: fingerprint(config), warnings };
}

/** A value that is wrong in itself is reported once, not again for what follows from it. */
function unlessAt(known: readonly Finding[], findings: readonly Finding[]): Finding[] {
  const places = new Set(known.map(({ path }) => path.join('\n')));
  return findings.filter(({ path }) => !places.has(path.join('\n')));
}

function inFileOrder(faults: readonly Fault[]): Fault[] {
  return faults.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function refuseOtherThanMap({ document, file }: YamlSource): void {
  const { contents } = document;
  if (contents === null || isMap(contents) || (isScalar(contents) && contents.value === null)) return;
  throw new ConfigError([{ path: '', file, line: 1, message: 'must be a map of settings, such as providers: and routes:' }]);
}

function readText(file: string): string {
  const refuse = (message: string, hint?: string) =>
    new ConfigError([{ path: '', file, message, ...(hint === undefined ? {} : { hint }) }]);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw refuse('no such file', howToGetOne(file));
    throw refuse(code === 'EISDIR' ? 'is a directory, not a file' : `cannot be read: ${code}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('is not UTF-8 text');
  }
}

/** The file that comes with the package lies beside `src/` here and two levels further up once compiled. */
function howToGetOne(missing: string): string {
  const shipped = ['../../', '../../../']
    .map((up) => fileURLToPath(new URL(`${up}${DEFAULT_CONFIG_PATH}`, import.meta.url)))
    .find((candidate) => existsSync(candidate));
  const copy = shipped === undefined ? 'write one' : `copy the one that comes with sms-dispatch: ${shipped}`;
  return missing === DEFAULT_CONFIG_PATH ? `${copy}, or name another with --config or SMS_DISPATCH_CONFIG` : copy;
}
