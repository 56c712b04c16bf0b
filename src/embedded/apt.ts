import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, findOnPath, run } from './run.ts';

/** A package file as the archive offers it. */
export interface PackageFile {
  /** `redis-server` */
  readonly name: string;
  /** The upstream version, `7.0.15`. */
  readonly version: string;
  readonly bytes: number;
}

/**
 * The system's own package tools, used without root and without touching the system: they read its sources, keys and
 * proxy settings, and keep everything else below a directory of ours. Signatures and checksums are apt's to verify.
 */
export interface Apt {
  /** Fetches the package lists; gives what went wrong, as one source of several may fail without spoiling the rest. */
  update(): Promise<string | undefined>;
  /** `apt-cache depends`, recursive. @throws Error when no source has the package */
  depends(name: string): Promise<string>;
  files(names: readonly string[]): Promise<PackageFile[]>;
  /** Puts the package files into the directory `into`. */
  download(names: readonly string[], into: string): Promise<void>;
  unpack(deb: string, root: string): Promise<void>;
}

const TIMEOUT_MS = 300_000;

/** @throws Error when this system has no apt */
export async function createApt(dir: string, env: Environment): Promise<Apt> {
  const tool = async (name: string) => {
    const [found] = await findOnPath(name, env);
    if (found === undefined) throw new Error(`there is no ${name} on this system`);
    return found;
  };
  const [aptGet, aptCache, dpkgDeb] = await Promise.all(['apt-get', 'apt-cache', 'dpkg-deb'].map(tool) as [PS, PS, PS]);
  const options = await prepare(dir);
  // What they print is read here, so it must not be in the user's language; their own helpers are in the system's places.
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

/** Makes the directories and gives the options that point apt at them. */
async function prepare(dir: string): Promise<string[]> {
  const conf = join(dir, 'apt.conf');
  const status = join(dir, 'status');
  await Promise.all(['state/lists/partial', 'cache/archives/partial'].map((sub) => mkdir(join(dir, sub), { recursive: true })));
  // Hooks of the system's apt (container clean-up, software centres) are none of our business.
  await writeFile(conf, '#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n');
  // Nothing counts as installed, so that the answer does not depend on what happens to be.
  await writeFile(status, '');
  const settings = {
    'Dir::State': join(dir, 'state'),
    'Dir::State::Lists': join(dir, 'state/lists'),
    'Dir::State::status': status,
    'Dir::Cache': join(dir, 'cache'),
    'Dir::Cache::archives': join(dir, 'cache/archives'),
    'Dir::Log': dir,
    // As root, apt would fetch as the user _apt, who cannot write here.
    'APT::Sandbox::User': 'root',
    // Counts a source that cannot be reached just now as a failure, which is what we want to hear of.
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  };
  return ['-q', '-c', conf, ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

/** Lines of `'http://…' name_epoch%3aversion-revision_arch.deb bytes checksum`. */
export function parsePrintedUris(output: string): PackageFile[] {
  return output.split('\n').flatMap((line) => {
    const [, file, bytes] = /^'[^']+' (\S+\.deb) (\d+)/.exec(line) ?? [];
    if (file === undefined) return [];
    const [name = '', version = ''] = decodeURIComponent(file).split('_');
    return [{ name, version: version.replace(/^\d+:/, '').replace(/-[^-]*$/, ''), bytes: Number(bytes) }];
  });
}
