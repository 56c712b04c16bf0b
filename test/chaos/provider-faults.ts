import type { ServerResponse } from 'node:http';
import type { HistoryAttempt } from '../../src/ledger/history/history.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import type { History } from './history.ts';
import { accepts, type Behaviour, neverAnswers, resets, says } from './recording-vendor.ts';
import { type Scenario, unmet } from './scenario.ts';
import { openScene, type Scene } from './scene.ts';
import { alternating } from './traffic.ts';

/** The history of a scene whose fault is what its vendors answered. */
async function concluded(scene: Scene, what: string): Promise<History> {
  const history = await scene.conclude();
  scene.faults.record(what, history.hits.filter(({ answer }) => answer !== 'accepted').length);
  return history;
}

const textsOf = ({ histories }: History) => [...histories.values()].flatMap(({ messages }) => messages);

/** What a vendor on a bad day says. */
export const BAD_DAY: readonly (() => Behaviour)[] = [
  () => accepts(),
  () => accepts(100),
  () => says(500),
  () => says(502),
  () => says(503, { 'retry-after': '1' }),
  () => says(429),
  () => says(429, { 'retry-after': '2' }),
  () => resets,
];

export const badDay: Scenario = async (given) => {
  const scene = await openScene(given, { dispatchers: 2 });
  scene.first.behave(() => given.random.pick(BAD_DAY)());
  scene.second.behave(() => accepts(50));
  await scene.traffic.raise(120, alternating);
  const history = await concluded(scene, 'answers that accept nothing');
  // At most one request in place of another by the same provider, and one by the next.
  const most = Math.max(...textsOf(history).map(({ attempts }) => attempts.length));
  return { history, broken: unmet({ 'no text was tried more than six times': most <= 6 }), note: `at most ${most} attempts` };
};

/** The first provider throttles everything, with a time to come back at; the second takes it all. */
export const throttleStorm: Scenario = async (given) => {
  const scene = await openScene(given);
  scene.first.behave(() => says(429, { 'retry-after': '3600' }));
  await scene.traffic.raise(60, alternating);
  const history = await concluded(scene, 'requests that were throttled');
  const texts = textsOf(history);
  return {
    history,
    broken: unmet({
      'all went through the second': texts.every(({ state, provider }) => state === 'accepted' && provider === 'second'),
      'the first was not asked in a loop': scene.first.hits.length <= texts.length,
    }),
  };
};

/** A provider that is not there at all: the next one is asked at once, and there is nothing to doubt. */
export function absent(urlOf: (port: number) => string): Scenario {
  return async (given) => {
    const scene = await openScene(given, { firstUrl: async () => urlOf(await testPort()) });
    await scene.traffic.raise(10, alternating);
    const history = await scene.conclude();
    const texts = textsOf(history);
    const attempts = texts.flatMap((text) => text.attempts).filter(({ provider }) => provider === 'first');
    scene.faults.record('attempts by a provider that is not there', attempts.length);
    return {
      history,
      broken: unmet({
        'all went through the second': texts.every(({ state, provider }) => state === 'accepted' && provider === 'second'),
        'nothing was in doubt': texts.every(({ attempts }) => attempts.every(({ result }) => result !== 'unknown')),
      }),
    };
  };
}

/** Accepts everything, answers nothing: criticals are sent once more by the next provider, warnings are held. */
export const silentVendor: Scenario = async (given) => {
  const scene = await openScene(given, { timeout: '1s' });
  scene.first.behave(() => neverAnswers);
  await scene.traffic.raise(20, alternating);
  const history = await concluded(scene, 'requests without an answer');
  const texts = textsOf(history);
  const ends = (severity: string, state: string) =>
    texts.filter((text) => text.severity === severity).every((text) => text.state === state);
  return {
    history,
    broken: unmet({
      'criticals were accepted by the second':
        ends('critical', 'accepted') && texts.every(({ provider, state }) => state !== 'accepted' || provider === 'second'),
      'warnings are unknown': ends('warning', 'unknown'),
    }),
  };
};

/** Interim answers that nothing asked for: a client ignores them. https://www.rfc-editor.org/rfc/rfc9110#section-15.2 */
const INTERIM: readonly ((response: ServerResponse) => void)[] = [
  (response) => response.writeContinue(),
  (response) => response.writeProcessing(),
  (response) => response.writeEarlyHints({ link: '</status>; rel=preload' }),
  (response) => {
    for (let time = 0; time < 3; time++) response.writeContinue();
  },
  (response) => response.socket?.write('HTTP/1.1 199 Surprise\r\nx-more: yes\r\n\r\n'),
];

export const interimAnswers: Scenario = async (given) => {
  const scene = await openScene(given);
  let written = 0;
  scene.first.behave(() => {
    written += 1;
    return { ...accepts(50), before: given.random.pick(INTERIM) };
  });
  await scene.traffic.raise(60, alternating);
  const history = await scene.conclude();
  scene.faults.record('interim answers', written);
  const attempts = textsOf(history).map((text) => text.attempts);
  const inOne = ([attempt, ...more]: readonly HistoryAttempt[]) => attempt?.result === 'accepted' && more.length === 0;
  return { history, broken: unmet({ 'each was accepted by its first attempt': attempts.every(inOne) }) };
};

/** No provider answers: texts wait, and go when one is back. */
export const allAway: Scenario = async (given) => {
  const scene = await openScene(given);
  scene.first.behave(() => says(429, { 'retry-after': '2' }));
  scene.second.behave(() => says(429, { 'retry-after': '2' }));
  await scene.traffic.raise(20, alternating);
  await until(() => scene.second.hits.length > 0);
  const waiting = await until(() => scene.inFlight());
  scene.first.behave(() => accepts());
  scene.second.behave(() => accepts());
  const history = await concluded(scene, 'requests that were throttled');
  return {
    history,
    broken: unmet({
      'all waited': waiting === 20,
      'all were sent in the end': textsOf(history).every(({ state }) => state === 'accepted'),
    }),
  };
};
