import { readFileSync } from 'node:fs';
import type { Redis } from './connect.ts';
import type { ScriptStep } from './define-script.ts';
import { foreignPart, type LuaPart } from './lua-source.ts';
import { type LuaText, luaText, sendLua } from './lua-text.ts';

/** A step that runs only if the step before it returned this word; without a word it always runs. */
export interface ChainLink<Result = unknown> {
  readonly step: ScriptStep<Result>;
  readonly after?: string;
}

/** Result of each step; `undefined` for one that did not run. */
export type ChainResults<Links extends readonly ChainLink[]> = {
  readonly [Index in keyof Links]: Links[Index] extends ChainLink<infer Result> ? Result | undefined : never;
};

const driver = new URL('chain.lua', import.meta.url);
/** Calls the functions of the table `SCRIPTS`. */
export const chainLua: LuaPart = foreignPart(driver.pathname, readFileSync(driver, 'utf8'));

/** A text for each combination of scripts; there are as many as there are callers of {@link runChain}. */
const programs = new Map<string, LuaText>();

/**
 * Sends several script calls as one, which Redis runs as one atomic step: it costs one round trip, and the scripts stay separate
 * in their rooms. The error of a step rejects, after the steps before it have run.
 */
export async function runChain<const Links extends readonly ChainLink[]>(redis: Redis, links: Links): Promise<ChainResults<Links>> {
  const keys: string[] = [];
  const args: (string | number)[] = [];
  for (const [index, { step, after = '' }] of links.entries()) {
    keys.push(...step.keys);
    args.push(index + 1, step.keys.length, step.args.length, after, ...step.args);
  }
  const replies = (await sendLua(redis, programOf(links), keys, args)) as (readonly unknown[] | Error | null)[];
  const failed = replies.find((reply) => reply instanceof Error);
  if (failed !== undefined) throw failed;
  return links.map(({ step }, index) => {
    const reply = replies[index] as readonly unknown[] | null;
    return reply === null ? undefined : step.read(reply[0]);
  }) as ChainResults<Links>;
}

function programOf(links: readonly ChainLink[]): LuaText {
  const name = links.map(({ step }) => step.lua.sha).join();
  const known = programs.get(name);
  if (known !== undefined) return known;
  const scripts = links.map(({ step }) => `function(KEYS, ARGV)\n${step.lua.text}\nend`);
  const program = luaText(`local SCRIPTS = {\n${scripts.join(',\n')}\n}\n${chainLua.source}`);
  programs.set(name, program);
  return program;
}
