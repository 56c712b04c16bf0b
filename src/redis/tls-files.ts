import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** What a TLS connection to Redis needs beside the system's own certificates; paths of PEM files. */
export interface TlsFiles {
  /** The certificate authority that signed the server's certificate. */
  readonly ca?: string;
  /** Our own certificate and its key, where the server asks for them. */
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, where it is not the host of the URL. */
  readonly servername?: string;
}

export const TLS_NAMES = ['ca', 'cert', 'key', 'servername'] as const satisfies readonly (keyof TlsFiles)[];

/** What is wrong with the settings themselves, if anything. */
export function judgeTls({ cert, key }: TlsFiles, usesTls: boolean): string | undefined {
  if (!usesTls)
    return 'TLS settings need a URL that begins with rediss: write rediss://host:6379, rediss+sentinel://… or rediss+cluster://…';
  if ((cert === undefined) !== (key === undefined))
    return `a client certificate needs both cert and key; ${cert === undefined ? 'cert' : 'key'} is missing`;
  return undefined;
}

/** @throws Error that names the file that cannot be read; never what is in it */
export function readTlsFiles({ servername, ...files }: TlsFiles): ConnectionOptions {
  const read = Object.entries(files).map(([name, path]) => {
    try {
      return [name, readFileSync(path)] as const;
    } catch (error) {
      throw new Error(
        `cannot read the ${name} file of Redis' TLS, ${path}: ${(error as NodeJS.ErrnoException).code}; is it there, and may this user read it?`,
      );
    }
  });
  return { ...Object.fromEntries(read), ...(servername === undefined ? {} : { servername }) };
}

/** `url` with these settings behind its question mark, unless it has its own. */
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
