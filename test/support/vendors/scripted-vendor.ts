import { type Hit, type Reply, startHttpVendor } from './http-vendor.ts';

/** One call as a vendor reads it. */
export interface VendorCall extends Hit {
  /** Right credentials, format and fields: the real one would have taken it, or at least looked at it. */
  readonly valid: boolean;
}

/** What to say to a valid call; `undefined` = as the vendor would. `index` counts the valid calls from 0. */
export type Responder<Call> = (call: Call, index: number) => Reply | undefined | Promise<Reply | undefined>;

export interface ScriptedVendor<Call extends VendorCall> {
  /** Goes into the provider's `baseUrl`. */
  readonly url: string;
  /** Every call in the order it arrived, also those that were turned away. */
  readonly requests: Call[];
  /** From now on; a promise makes a slow vendor. */
  respondWith(responder: Responder<Call>): void;
  close(): Promise<void>;
}

/** What a vendor makes of a request. */
export interface Reading<Call extends VendorCall> {
  readonly call: Omit<Call, 'valid' | keyof Hit>;
  /** Why it is turned away; a valid call has none. */
  readonly refusal: Reply | undefined;
  /** What the vendor says to a valid call when the test does not. */
  readonly usual: (index: number) => Reply;
}

/**
 * A vendor that answers as it would, and where a test wants it as the test says.
 * @param finish what is done to every answer
 */
export async function startScriptedVendor<Call extends VendorCall>(
  read: (hit: Hit) => Reading<Call>,
  finish: (reply: Reply) => Reply = (reply) => reply,
): Promise<ScriptedVendor<Call>> {
  const requests: Call[] = [];
  let responder: Responder<Call> = () => undefined;
  let valid = 0;
  const vendor = await startHttpVendor((hit) => {
    const { call: fields, refusal, usual } = read(hit);
    const call = { ...hit, ...fields, valid: refusal === undefined } as Call;
    requests.push(call);
    if (refusal !== undefined) return finish(refusal);
    const index = valid++;
    const said = responder(call, index);
    const orUsual = (reply: Reply | undefined) => finish(reply ?? usual(index));
    return said instanceof Promise ? said.then(orUsual) : orUsual(said);
  });
  return {
    url: vendor.url,
    requests,
    respondWith: (next) => {
      responder = next;
    },
    close: vendor.close,
  };
}
