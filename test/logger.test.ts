import { describe, expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void, level = 'trace'): string {
  const lines: string[] = [];
  write(createLogger(level, { write: (line) => void lines.push(line) }));
  return lines.join('');
}

describe('a log line', () => {
  it('is one JSON object with its level as a word and its time in ISO 8601', () => {
    const line = JSON.parse(logged((logger) => logger.info({ httpPort: 8080 }, 'ready')));
    expect(line).toMatchObject({ level: 'info', msg: 'ready', httpPort: 8080 });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  it('below the level is not written', () => {
    expect(logged((logger) => logger.debug('quiet'), 'info')).toBe('');
  });

  it.each([
    ['in a field', { to: '+60123456789' }],
    ['in a field without plus', { phone: '60123456789' }],
    ['in a list', { to: ['+60123456789', 'contact:alice'] }],
    ['in somebody else’s words', { detail: 'could not text +60123456789 now' }],
    ['in a URL', { url: 'https://vendor.example/send?To=%2B60123456789' }],
    ['deep down', { a: { b: { c: 'is +60123456789' } } }],
    ['in an error', { err: new Error('no route to +60123456789') }],
    [
      'in what a library hung on an error',
      { err: Object.assign(new Error('failed'), { command: { args: ['60123456789', 'Disk full'] } }) },
    ],
  ])('shows no full number %s', (_, fields) => {
    const text = logged((logger) => logger.warn(fields, 'something'));
    expect(text).not.toContain('123456789');
    expect(text).not.toContain('Disk full');
  });

  it.each([
    ['authToken', { authToken: 'hush-hush' }],
    ['a nested password', { redis: { password: 'hush-hush' } }],
    ['an authorization header', { req: { headers: { authorization: 'hush-hush' } } }],
  ])('shows no secret: %s', (_, fields) => {
    expect(logged((logger) => logger.warn(fields))).not.toContain('hush-hush');
  });

  it('keeps what an operator needs of an error', () => {
    const { err } = JSON.parse(logged((logger) => logger.error({ err: Object.assign(new Error('boom'), { code: 'ECONNREFUSED' }) })));
    expect(err).toMatchObject({ type: 'Error', message: 'boom', code: 'ECONNREFUSED' });
    expect(err.stack).toContain('logger.test.ts');
  });
});
