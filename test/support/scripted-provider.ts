import type { Accepted, Provider, Refused, SmsMessage } from '../../src/provider/contract/provider.ts';

export type Answer = Accepted | Refused;
/** An answer, or what gives it while the call is under way; a throw is a bug in the adapter. */
export type Line = Answer | ((message: SmsMessage, signal: AbortSignal) => Answer | Promise<Answer>);

export interface ScriptedProvider extends Provider {
  /** Every request made of it, in order. */
  readonly requests: SmsMessage[];
}

/** Answers line by line; the last line serves for all that follow. */
export function createScriptedProvider(name: string, [...script]: readonly Line[]): ScriptedProvider {
  const requests: SmsMessage[] = [];
  return {
    name,
    requests,
    async send(message, signal) {
      requests.push(message);
      const line = script.length > 1 ? script.shift() : script[0];
      if (line === undefined) throw new Error(`${name} has no lines`);
      return typeof line === 'function' ? line(message, signal) : line;
    },
    close: async () => undefined,
  };
}
