import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../setting/environment.ts';
import { crossCheck } from './check/cross-check.ts';
import { validate } from './check/validate.ts';
import { warningsFor } from './check/warnings.ts';
import { compileConfig } from './compile.ts';
import type { Config } from './config.ts';
import { ConfigError, type Fault } from './fault.ts';
import { type ConfigFinding, toFault } from './finding.ts';
import { configSchema } from './schema/schema.ts';
import { openContactFiles, withPeople } from './source/contact-files.ts';
import { readEnvSettings, type Settings } from './source/env-settings.ts';
import { openSource } from './source/open-source.ts';
import { type OnRead, readText } from './source/read-text.ts';
import type { YamlSource } from './source/yaml-source.ts';

const DEFAULT_CONFIG_PATH = 'config/sms-dispatch.yaml';

export interface LoadedConfig {
  readonly config: Config;
  /** Path of the file as the user wrote it. */
  readonly path: string;
  /** Same on all replicas with the same effective config: 12 hex digits. */
  readonly hash: string;
  /** Settings that are allowed and probably not intended. */
  readonly warnings: readonly Fault[];
}

export interface LoadOptions {
  /** Overrides `SMS_DISPATCH_CONFIG`, which overrides {@link DEFAULT_CONFIG_PATH}. */
  readonly path?: string | undefined;
  readonly env: Environment;
  /** Overrides the environment, which overrides the file. */
  readonly overrides?: Settings;
  readonly onRead?: OnRead;
}

/** @throws {ConfigError} with all faults */
export function loadConfig({ path, env, overrides = {}, onRead = () => undefined }: LoadOptions): LoadedConfig {
  const file = fileOf(path, env);
  const { settings: given, faults: envFaults } = readEnvSettings(env);
  const settings = { ...given, ...overrides };

  const such = 'settings, such as providers: and routes:';
  const { source: main, findings: unreadable } = openSource(textOf(file, onRead), { file, such, env, onRead });
  const validated = validate(main, configSchema);
  const invalid = 'findings' in validated ? unlessAt(unreadable, validated.findings) : [];
  const { parts, people, faults: peopleFaults, complete } = openContactFiles(main, env, onRead);
  const source = { ...main, parts };
  const local = [...unreadable, ...invalid];
  const findings = [...local, ...unlessAt(local, crossCheck(source, settings, complete))];
  const faults = [
    ...peopleFaults,
    ...unlessTold(
      peopleFaults,
      findings.map((finding) => toFault(source, finding)),
    ),
  ];
  if (faults.length > 0 || envFaults.length > 0 || 'findings' in validated) {
    throw new ConfigError([...inFileOrder(faults, source), ...envFaults]);
  }
  const whole = withPeople(validated.data, people);
  const config = compileConfig(whole, settings);
  const warnings = inFileOrder(
    warningsFor(whole, source).map((finding) => toFault(source, finding)),
    source,
  );
  return { config, path: file, hash: fingerprint(config), warnings };
}

/** Path of the file to read. */
export function fileOf(path: string | undefined, env: Environment): string {
  return path ?? (env.SMS_DISPATCH_CONFIG || DEFAULT_CONFIG_PATH);
}

/** Drops findings at paths that already have one: a wrong value is not reported a second time for its consequences. */
function unlessAt(known: readonly ConfigFinding[], findings: readonly ConfigFinding[]): ConfigFinding[] {
  const places = new Set(known.map(({ path }) => path.join('\n')));
  return findings.filter(({ path }) => !places.has(path.join('\n')));
}

/** Same for contact files, whose faults name their file in addition to the path. */
function unlessTold(known: readonly Fault[], faults: readonly Fault[]): Fault[] {
  const place = ({ file, path }: Fault) => `${file}\n${path}`;
  const places = new Set(known.map(place));
  return faults.filter((fault) => !places.has(place(fault)));
}

/** Sorts by file, the main file first, then by line. */
function inFileOrder(faults: readonly Fault[], { file, parts = [] }: YamlSource): Fault[] {
  const files = [file, ...parts.map((part) => part.file)];
  // A file that could not be opened comes last.
  const rank = (fault: Fault) => files.indexOf(fault.file ?? file) + 1 || files.length + 1;
  return faults.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
}

function textOf(file: string, onRead: OnRead): string {
  const read = readText(file, onRead);
  switch (read.kind) {
    case 'text':
      return read.text;
    case 'absent':
      throw new ConfigError([{ path: '', file, message: 'no such file', hint: howToGetOne(file) }]);
    case 'unreadable':
      throw new ConfigError([{ path: '', file, message: read.why }]);
  }
}

/** The shipped example is beside `src/`: two levels above this file, or three once compiled. */
function howToGetOne(missing: string): string {
  const shipped = ['../../', '../../../']
    .map((up) => fileURLToPath(new URL(`${up}${DEFAULT_CONFIG_PATH}`, import.meta.url)))
    .find((candidate) => existsSync(candidate));
  const copy = shipped === undefined ? 'write one' : `copy the example of sms-dispatch: ${shipped}`;
  return missing === DEFAULT_CONFIG_PATH ? `${copy}, or name another with --config or SMS_DISPATCH_CONFIG` : copy;
}

/**
 * Hash of the effective config, 12 hex digits: independent of comments and of the order of keys within a setting, and
 * without settings that may differ between processes, such as ports. Contains no secrets.
 */
export function fingerprint(config: Config): string {
  const { worker: _1, shutdown: _2, logLevel: _3, metricsPort: _4, http, redis, ...shared } = config;
  const { publicUrl, webhookTo } = http;
  const meaning = { ...shared, publicUrl, webhookTo, prefix: redis.prefix };
  return createHash('sha256').update(JSON.stringify(meaning, plain)).digest('hex').slice(0, 12);
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  return value instanceof RegExp ? String(value) : value;
}
