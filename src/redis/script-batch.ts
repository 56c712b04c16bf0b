import type { Redis } from './connect.ts';
import { classifyTrouble } from './fitness/trouble.ts';
import { type ChainLink, type LuaText, sendLua } from './lua-text.ts';
import { type Program, packCalls, programOf, type StepReplies } from './packed-calls.ts';

/** A batch blocks Redis for as long as its calls take: about 3 ms. */
const MOST_CALLS = 32;

interface Waiting {
  readonly links: readonly ChainLink[];
  resolve(replies: StepReplies): void;
  reject(error: unknown): void;
}

/** Scripts that may be sent in a batch; the others are sent alone, so that the source of the batch stays small and the same. */
const members: LuaText[] = [];
let program: Program | undefined;
const batches = new WeakMap<Redis, Batches>();

interface Batches {
  send(links: readonly ChainLink[]): Promise<StepReplies>;
  load(): Promise<unknown>;
}

/** Lets a script be sent in batches. */
export function joinBatches(lua: LuaText): void {
  members.push(lua);
  program = undefined;
}

/** In an order that is the same in every process, so that Redis keeps one source. */
function wholeProgram(): Program {
  program ??= programOf(members.toSorted((a, b) => (a.sha < b.sha ? -1 : 1)));
  return program;
}

/**
 * From now on, the calls that are made on this connection in one turn of the event loop are sent as one script, each in its own
 * protected call: beside fifty concurrent jobs this saves most of what a call costs ioredis and Redis. The keys are not declared.
 * @param key one of the keys, which names the place of all
 * @param onError is called for an error reply about the state of the server, which ioredis does not see within a batch
 */
export function batchScripts(redis: Redis, key: string, onError: (error: Error) => void): void {
  let waiting: Waiting[] = [];

  const send = async (calls: readonly (readonly ChainLink[])[]): Promise<readonly StepReplies[]> => {
    const whole = wholeProgram();
    return (await sendLua(redis, whole.lua, [key], [packCalls(calls, whole)])) as readonly StepReplies[];
  };

  const flush = (): void => {
    const sent = waiting;
    waiting = [];
    if (sent.length === 0) return;
    send(sent.map(({ links }) => links)).then(
      (answers) => {
        for (const [index, replies] of answers.entries()) {
          for (const reply of replies) if (reply instanceof Error && classifyTrouble(reply) !== undefined) onError(reply);
          sent[index]?.resolve(replies);
        }
      },
      (error: unknown) => {
        for (const { reject } of sent) reject(error);
      },
    );
  };

  batches.set(redis, {
    load: () => send([]),
    send: (links) =>
      new Promise((resolve, reject) => {
        waiting.push({ links, resolve, reject });
        if (waiting.length === MOST_CALLS) flush();
        else if (waiting.length === 1) process.nextTick(flush);
      }),
  });
}

/** Sends the source of the batches, so that the first batch does not carry it. Does nothing on a connection without batches. */
export async function loadBatches(redis: Redis): Promise<void> {
  await batches.get(redis)?.load();
}

/** Replies of a call that is sent in a batch; `undefined` if it cannot be. */
export function sendInBatch(redis: Redis, links: readonly ChainLink[]): Promise<StepReplies> | undefined {
  const batch = batches.get(redis);
  if (batch === undefined) return undefined;
  const { numbers } = wholeProgram();
  return links.every(({ step }) => numbers.has(step.lua)) ? batch.send(links) : undefined;
}
