import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/fault.ts';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../src/config/load-config.ts';

export type Given = Partial<Omit<LoadOptions, 'path'>> & { readonly files?: Readonly<Record<string, string>> };

/** Loads YAML as if it stood in `c.yaml`, with other files beside it. */
export function loadYaml(yaml: string, { env = {}, overrides, files = {} }: Given = {}): LoadedConfig {
  const dir = mkdtempSync(join(tmpdir(), 'sms-config-'));
  try {
    for (const [name, content] of Object.entries({ ...files, 'c.yaml': yaml })) writeFileSync(join(dir, name), content);
    return loadConfig({ path: join(dir, 'c.yaml'), env, ...(overrides === undefined ? {} : { overrides }) });
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(error.faults.map((fault) => withoutDir(fault, `${dir}/`)));
    throw error;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function withoutDir<T extends object>(fault: T, dir: string): T {
  return JSON.parse(JSON.stringify(fault).replaceAll(dir, ''));
}

/** The lines that a person reads. Fails when there is nothing to read. */
export function faultLines(yaml: string, given?: Given): string[] {
  return String(faultsOf(yaml, given)).split('\n');
}

export function faultsOf(yaml: string, given?: Given): ConfigError {
  try {
    loadYaml(yaml, given);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the config was accepted');
}

/** The smallest config that works, in three lines, with more lines behind it. */
export function minimal(more = ''): string {
  return `providers: { desk: { type: simulated } }\nroutes:\n  - { name: default, providers: [desk] }\n${more}`;
}
