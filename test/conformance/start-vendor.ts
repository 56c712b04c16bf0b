import { onTestFinished } from 'vitest';
import { type Hit, type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';

/** A vendor that records, and says the same to all. */
export async function startVendor(reply: Reply | ((hit: Hit) => Reply)) {
  const hits: Hit[] = [];
  const vendor = await startHttpVendor((hit) => {
    hits.push(hit);
    return typeof reply === 'function' ? reply(hit) : reply;
  });
  onTestFinished(vendor.close);
  return { url: vendor.url, hits };
}
