import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, findOnPath, run } from './run.ts';

/** A package file as listed by the package archive. */
export interface PackageFile {
  /** `redis-server` */
  readonly name: string;
  /** The upstream version, `7.0.15`. */
  readonly version: string;
  readonly bytes: number;
}

/**
 * The package tools of the system, used without root and without changing the system: they read its sources, keys and
 * proxy settings, and keep everything else below our own directory. apt verifies signatures and checksums.
 */
export interface Apt {
  /** Fetches the package lists. Resolves to the error text, if any: one source of several may fail without affecting the others. */
  update(): Promise<string | undefined>;
  /** `apt-cache depends`, recursive. @throws Error when no source has the package */
  depends(name: string): Promise<string>;
  files(names: readonly string[]): Promise<PackageFile[]>;
  /** Downloads the package files into the directory `into`. */
  download(names: readonly string[], into: string): Promise<void>;
  unpack(deb: string, root: string): Promise<void>;
}

const TIMEOUT_MS = 300_000;

/** @throws Error when this system has no apt */
export async function createApt(dir: string, env: Environment): Promise<Apt> {
  const tool = async (name: string) => {
    const [found] = await findOnPath(name, env);
    if (found === undefined) throw new Error(`${name} not found on this system`);
    return found;
  };
  const [aptGet, aptCache, dpkgDeb] = await Promise.all(['apt-get', 'apt-cache', 'dpkg-deb'].map(tool) as [PS, PS, PS]);
  const options = await prepare(dir);
  // The output is parsed, so it must not be localised. The tools' own helpers are in the system directories.
  const settings = { env: { ...env, LC_ALL: 'C', PATH: `${env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` }, timeoutMs: TIMEOUT_MS };
  return {
    update: () => run(aptGet, [...options, 'update'], settings).then(ignore, (error: Error) => error.message),
    depends: (name) => run(aptCache, [...options, 'depends', '--recurse', '--important', name], settings),
    files: async (names) => parsePrintedUris(await run(aptGet, [...options, 'download', '--print-uris', ...names], settings)),
    download: (names, into) => run(aptGet, [...options, 'download', ...names], { ...settings, cwd: into }).then(ignore),
    unpack: (deb, root) => run(dpkgDeb, ['-x', deb, root], settings).then(ignore),
  };
}

type PS = Promise<string>;

const ignore = () => undefined;

/** Creates the directories and returns the options that make apt use them. */
async function prepare(dir: string): Promise<string[]> {
  const conf = join(dir, 'apt.conf');
  const status = join(dir, 'status');
  await Promise.all(['state/lists/partial', 'cache/archives/partial'].map((sub) => mkdir(join(dir, sub), { recursive: true })));
  // Disables hooks of the system's apt (container clean-up, software centres).
  await writeFile(conf, '#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n');
  // Treats nothing as installed, so that the result does not depend on the system.
  await writeFile(status, '');
  const settings = {
    'Dir::State': join(dir, 'state'),
    'Dir::State::Lists': join(dir, 'state/lists'),
    'Dir::State::status': status,
    'Dir::Cache': join(dir, 'cache'),
    'Dir::Cache::archives': join(dir, 'cache/archives'),
    'Dir::Log': dir,
    // As root, apt would download as the user _apt, who cannot write here.
    'APT::Sandbox::User': 'root',
    // Reports a source that is unreachable as an error.
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  };
  return ['-q', '-c', conf, ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

/** Parses lines of `'http://…' name_epoch%3aversion-revision_arch.deb bytes checksum`. */
export function parsePrintedUris(output: string): PackageFile[] {
  return output.split('\n').flatMap((line) => {
    const [, file, bytes] = /^'[^']+' (\S+\.deb) (\d+)/.exec(line) ?? [];
    if (file === undefined) return [];
    const [name = '', version = ''] = decodeURIComponent(file).split('_');
    return [{ name, version: version.replace(/^\d+:/, '').replace(/-[^-]*$/, ''), bytes: Number(bytes) }];
  });
}
