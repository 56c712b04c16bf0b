import { isRegistered } from '../../config/check/alert-overflow.ts';
import type { Config } from '../../config/config.ts';
import { templateBookOf } from '../../provider/registry.ts';
import { digestSegments } from '../gates/message-caps.ts';
import type { Message } from '../message.ts';
import { type Carrier, orderCarriers } from '../sending/send-target.ts';
import { ruleOf } from '../sending/shape-message.ts';
import type { DigestRoom } from './compose-digest.ts';

/** Of a vendor's template with one variable for it all; mainland China's carriers take 500 characters, words of the template included. */
const LONGEST_VARIABLE = 400;

/**
 * What fits into one digest: as much as the narrowest provider of its route accepts, so that whichever takes it names every
 * alert in it. Vendors of approved templates put it into the variable `content` of their default template.
 */
export function createRoomOf(
  { providers, caps }: Pick<Config, 'providers' | 'caps'>,
  carriers: ReadonlyMap<string, Carrier>,
): (message: Message) => DigestRoom {
  const rulesOf = new Map([...providers].map(([name, config]) => [name, templateBookOf(config)?.rules]));
  return (message) => {
    const able = orderCarriers(message.providers, carriers, message.to).map(({ provider }) => provider);
    const widths = able.map((provider) => {
      const rules = rulesOf.get(provider.name);
      return rules === undefined
        ? (provider.maxCharacters ?? Number.POSITIVE_INFINITY)
        : Math.min(rules.maxLength ?? LONGEST_VARIABLE, LONGEST_VARIABLE);
    });
    const registered = able.some(({ name }) => isRegistered(providers.get(name)));
    return {
      segments: digestSegments(message, { caps }),
      characters: Math.min(Number.POSITIVE_INFINITY, ...widths),
      rule: able.some((provider) => ruleOf(provider, message.to) === 'ucs2') ? 'ucs2' : 'gsm7',
      noLinks: able.some(({ name }) => rulesOf.get(name)?.noLinks === true),
      ...(registered ? { opening: `${message.severity.toUpperCase()}: ` } : {}),
    };
  };
}
