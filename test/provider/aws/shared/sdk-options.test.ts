import { expect, it, onTestFinished, vi } from 'vitest';
import { sdkOptions } from '../../../../src/provider/aws/shared/aws-caller.ts';
import { nextTurn } from '../../../conformance/examiner.ts';
import { providerOf } from '../setup.ts';

const SWITCH = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
const requestHandler = { handle: () => Promise.reject(new Error('not called')) };

it('keeps the warnings of the SDK about Node to those who update it', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  onTestFinished(() => void process.off('warning', listen));
  await providerOf('sns', {});
  await providerOf('aws-sms-voice', {});
  // Warnings are emitted on the next tick.
  await nextTurn();
  expect(warnings).toEqual([]);
});

it('leaves that switch as the operator has set it', () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv(SWITCH, 'false');
  sdkOptions({ region: 'eu-west-1' }, { requestHandler });
  expect(process.env[SWITCH]).toBe('false');
});

it('gives the SDK keys only where the config has both', () => {
  expect(sdkOptions({ region: 'eu-west-1' }, { requestHandler })).not.toHaveProperty('credentials');
});
