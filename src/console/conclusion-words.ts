import type { Tone } from './describe-entry.ts';

const SIMULATED = 'Not texted (simulated: no phone was texted)';

/** The first words of a conclusion, what a person asks for, and the rest of it. */
export function splitConclusion(text: string): { readonly head: string; readonly rest: string; readonly tone: Tone } {
  const colon = text.startsWith(SIMULATED) ? SIMULATED.length : text.slice(0, 24).indexOf(':');
  const head = colon === -1 ? text : text.slice(0, colon);
  const rest = colon === -1 ? '' : text.slice(colon + 1).trim();
  return { head, rest: rest.charAt(0).toUpperCase() + rest.slice(1), tone: toneOf(text) };
}

/** @param words what a story says of one phone among several, such as `failed (recipient) main` */
export function toneOfPhone(words: string): Tone {
  if (/\b(accepted|delivered)\b/.test(words)) return 'good';
  if (/\b(failed|undelivered|expired|unknown)\b/.test(words)) return 'bad';
  return /\b(queued|deferred|sending)\b/.test(words) ? 'wait' : 'plain';
}

function toneOf(text: string): Tone {
  if (/^Texted/.test(text)) return 'good';
  if (/^Not texted \(simulated/.test(text)) return 'plain';
  if (/^(Not texted yet|Being texted)/.test(text)) return 'wait';
  return 'bad';
}
