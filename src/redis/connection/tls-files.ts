import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** TLS settings of a Redis connection besides the system's certificates; paths of PEM files. */
export interface TlsFiles {
  /** The certificate authority that signed the server's certificate. */
  readonly ca?: string;
  /** The client certificate and its key, if the server requires them. */
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, if it differs from the host of the URL. */
  readonly servername?: string;
}

export const TLS_NAMES = ['ca', 'cert', 'key', 'servername'] as const satisfies readonly (keyof TlsFiles)[];

/** The fault of the settings, if any. */
export function judgeTls({ cert, key }: TlsFiles, usesTls: boolean): string | undefined {
  if (!usesTls)
    return 'TLS settings need a URL that begins with rediss: write rediss://host:6379, rediss+sentinel://… or rediss+cluster://…';
  if ((cert === undefined) !== (key === undefined))
    return `a client certificate needs both cert and key; ${cert === undefined ? 'cert' : 'key'} is missing`;
  return undefined;
}

/** Reads the files. @throws Error with the path of an unreadable file; never its content */
export function readTlsFiles({ servername, ...files }: TlsFiles): ConnectionOptions {
  const read = Object.entries(files).map(([name, path]) => {
    try {
      return [name, readFileSync(path)] as const;
    } catch (error) {
      throw new Error(
        `cannot read the ${name} file of Redis' TLS, ${path}: ${(error as NodeJS.ErrnoException).code}; check that it exists and that this user may read it`,
      );
    }
  });
  return { ...Object.fromEntries(read), ...(servername === undefined ? {} : { servername }) };
}

/** Adds these settings to the query of `url`, except those that it already has. */
export function withTlsFiles(url: string, files: TlsFiles | undefined): string {
  if (files === undefined || !/^rediss/i.test(url)) return url;
  const [, query = ''] = url.split('?');
  const own = new URLSearchParams(query);
  const added = TLS_NAMES.flatMap((name) => {
    const value = files[name];
    return value === undefined || own.has(name) ? [] : [`${name}=${encodeURIComponent(value)}`];
  });
  return added.length === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${added.join('&')}`;
}
