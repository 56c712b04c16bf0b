import { z } from 'zod';
import { markSecret, Secret } from '../setting/secret.ts';

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const OF_THE_TRANSPORT = /^(content-length|transfer-encoding|connection|keep-alive|upgrade|expect)$/i;

/** HTTP headers from the config. Values often contain a key, so they are marked secret. */
export const headersSchema = markSecret(
  z
    .record(z.string(), z.string())
    .superRefine((given, ctx) => {
      for (const [name, value] of Object.entries(given)) {
        const message = faultOfHeader(name, value);
        if (message !== undefined) ctx.addIssue({ code: 'custom', path: [name], message });
      }
    })
    .transform((given) => Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), new Secret(value)]))),
);

function faultOfHeader(name: string, value: string): string | undefined {
  if (!HEADER_NAME.test(name)) return 'is not a valid header name';
  if (OF_THE_TRANSPORT.test(name)) return 'must not be set: the HTTP client sets it';
  return HEADER_VALUE.test(value) ? undefined : 'must be a single line without control characters';
}
