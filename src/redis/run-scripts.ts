import type { Redis } from './connect.ts';
import { type ChainLink, type ScriptStep, sendLua } from './lua-text.ts';
import { type Program, packCalls, programOf, readReplies, type StepReplies } from './packed-calls.ts';
import { sendInBatch } from './script-batch.ts';

/** Result of each step; `undefined` for one that did not run. */
export type ChainResults<Links extends readonly ChainLink[]> = {
  readonly [Index in keyof Links]: Links[Index] extends ChainLink<infer Result> ? Result | undefined : never;
};

/** A program for each combination of scripts; there are as many as there are callers of {@link runChain}. */
const programs = new Map<string, Program>();

/**
 * Sends one step.
 * @param alone the connection for a step that cannot be sent in a batch of `redis`
 */
export async function runStep<Result>(redis: Redis, step: ScriptStep<Result>, alone = redis): Promise<Result> {
  const links = [{ step }];
  const batched = sendInBatch(redis, links);
  if (batched !== undefined) return readReplies(links, await batched)[0] as Result;
  return step.read(await sendLua(alone, step.lua, step.keys, step.args));
}

/**
 * Sends several script calls as one, which Redis runs as one atomic step: it costs one round trip, and the scripts stay separate
 * in their rooms. The error of a step rejects, after the steps before it have run.
 */
export async function runChain<const Links extends readonly ChainLink[]>(redis: Redis, links: Links): Promise<ChainResults<Links>> {
  return readReplies(links, await (sendInBatch(redis, links) ?? sendAlone(redis, links))) as ChainResults<Links>;
}

async function sendAlone(redis: Redis, links: readonly ChainLink[]): Promise<StepReplies> {
  const program = programFor(links);
  const keys: string[] = [];
  const packed = packCalls([links], program, keys);
  const [replies] = (await sendLua(redis, program.lua, keys, [packed])) as [StepReplies];
  return replies;
}

function programFor(links: readonly ChainLink[]): Program {
  const name = links.map(({ step }) => step.lua.sha).join();
  let program = programs.get(name);
  if (program === undefined) {
    program = programOf([...new Set(links.map(({ step }) => step.lua))]);
    programs.set(name, program);
  }
  return program;
}
