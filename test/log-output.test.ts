import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogOutput } from '../src/log-output.ts';
import { createLogger } from '../src/logger.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const [INFO, WARN, FATAL] = [30, 40, 60];
const KIB = 'x'.repeat(1023);

/** A reader that takes so many bytes at most; `fail` makes each write fail with that code. */
function pipe(room = Number.POSITIVE_INFINITY) {
  const state = { room, fail: undefined as string | undefined, text: '', writes: 0 };
  const output = createLogOutput((bytes) => {
    state.writes += 1;
    if (state.fail !== undefined) throw Object.assign(new Error(state.fail), { code: state.fail });
    if (state.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    const taken = Math.min(state.room, bytes.length);
    state.room -= taken;
    state.text += Buffer.from(bytes.subarray(0, taken)).toString();
    return taken;
  });
  const flow = (bytes = Number.POSITIVE_INFINITY) => {
    state.room = bytes;
    state.fail = undefined;
    vi.advanceTimersByTime(1000);
  };
  return { state, output, flow, lines: () => state.text.split('\n').filter((line) => line !== '') };
}

const write = (output: ReturnType<typeof createLogOutput>, count: number, level = INFO) => {
  for (let n = 0; n < count; n += 1) output.write(`${KIB}\n`, level);
};

describe('a log output', () => {
  it('has written each line before it returns while the reader keeps up', () => {
    const { state, output } = pipe();
    output.write('one\n', INFO);
    expect(state.text).toBe('one\n');
  });

  it('keeps what a full pipe does not take, and writes it in order once there is room', () => {
    const { output, flow, lines } = pipe(6);
    for (const line of ['one\n', 'two\n', 'three\n']) output.write(line, INFO);
    expect(lines()).toEqual(['one', 'tw']);
    flow();
    expect(lines()).toEqual(['one', 'two', 'three']);
    expect(output.dropped()).toBe(0);
  });

  it('drops and counts what does not fit into 512 KiB, and reports it in one line once there is room', () => {
    const { output, flow, lines } = pipe(0);
    write(output, 600);
    expect(output.dropped()).toBe(88);
    flow();
    expect(lines()).toHaveLength(513);
    expect(JSON.parse(lines().at(-1) as string)).toMatchObject({ level: 'warn', dropped: 88, msg: 'log lines dropped' });
    output.write('next\n', INFO);
    expect(lines().at(-1)).toBe('next');
    expect(output.dropped()).toBe(88);
  });

  it('keeps the second 512 KiB for warnings and errors', () => {
    const { output, flow, lines } = pipe(0);
    write(output, 600);
    output.write('a warning\n', WARN);
    expect(output.dropped()).toBe(88);
    write(output, 600, WARN);
    expect(output.dropped()).toBe(88 + 600 - 511);
    flow();
    expect(lines()).toContain('a warning');
  });

  it('puts a fatal line first, also past the bound, because the process ends after it', () => {
    const { output, flow, lines } = pipe(2);
    write(output, 2000, WARN);
    output.write('why it ended\n', FATAL);
    flow(1024 + 13);
    expect(lines().slice(0, 2)).toEqual([KIB, 'why it ended']);
  });

  it.each(['EPIPE', 'ENOSPC', 'EIO', 'EBADF', 'ECONNRESET'])(
    'drops and counts what fails with %s, and goes on when it no longer does',
    (code) => {
      const { state, output, lines } = pipe();
      state.fail = code;
      for (const line of ['one\n', 'two\n']) output.write(line, INFO);
      expect(output.dropped()).toBe(2);
      state.fail = undefined;
      output.write('three\n', INFO);
      expect(lines()).toEqual(['three', expect.stringContaining('"dropped":2')]);
    },
  );

  it('ends a line that an error has cut off before it writes the next one', () => {
    const { state, output, lines } = pipe(4);
    output.write('cut off\n', INFO);
    state.fail = 'ENOSPC';
    vi.advanceTimersByTime(1000);
    expect(output.dropped()).toBe(1);
    state.fail = undefined;
    state.room = Number.POSITIVE_INFINITY;
    output.write('whole\n', INFO);
    expect(lines()).toEqual(['cut ', 'whole', expect.stringContaining('"dropped":1')]);
  });

  it('reports the same lines again when the report itself could not be written', () => {
    const { state, output, flow, lines } = pipe(0);
    write(output, 520);
    state.room = 512 * 1024;
    vi.advanceTimersByTime(1000);
    expect(output.dropped()).toBe(8);
    state.fail = 'EPIPE';
    vi.advanceTimersByTime(1000);
    flow();
    output.write('next\n', INFO);
    expect(lines().slice(512)).toEqual(['next', expect.stringContaining('"dropped":8')]);
    expect(output.dropped()).toBe(8);
  });

  it('does not try a full pipe again with every line', () => {
    const { state, output } = pipe(0);
    write(output, 100);
    expect(state.writes).toBe(1);
  });

  it('gives a process that ends half a second for its last lines, and no more', () => {
    const { output } = pipe(0);
    output.write('last\n', INFO);
    const from = performance.now();
    output.flushSync();
    expect(performance.now() - from).toBeGreaterThan(400);
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  it('loses no line uncounted, tears and repeats none, whatever the reader does', () => {
    const step = fc.oneof(
      fc.record({ does: fc.constant('write' as const), level: fc.constantFrom(INFO, WARN), size: fc.integer({ min: 1, max: 300_000 }) }),
      fc.record({ does: fc.constant('room' as const), bytes: fc.integer({ min: 0, max: 200_000 }) }),
      fc.record({ does: fc.constant('fail' as const), code: fc.constantFrom('EPIPE', 'ENOSPC') }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { state, output, flow, lines } = pipe(0);
        const written: string[] = [];
        for (const given of steps) {
          if (given.does === 'fail') state.fail = given.code;
          else if (given.does === 'room') flow(given.bytes);
          else {
            const line = `${written.length}:${'x'.repeat(given.size)}`;
            written.push(line);
            output.write(`${line}\n`, given.level);
          }
        }
        flow();
        output.write('end\n', INFO);
        const whole = lines().filter((line) => written.includes(line));
        expect(whole).toEqual(written.filter((line) => whole.includes(line)));
        expect(whole.length + output.dropped()).toBe(written.length);
        const reports = lines().flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as { dropped: number }).dropped] : []));
        expect(reports.reduce((sum, lost) => sum + lost, 0)).toBe(output.dropped());
      }),
    );
  });

  it('is given the level of each line by the logger, and the time to write a fatal one', () => {
    const seen: [string, number][] = [];
    let flushed = 0;
    const output = {
      write: (line: string, level: number) => void seen.push([JSON.parse(line).msg, level]),
      flushSync: () => {
        flushed += 1;
      },
    };
    const logger = createLogger('info', output);
    logger.info('a');
    logger.error('b');
    expect(flushed).toBe(0);
    logger.fatal('c');
    expect(seen).toEqual([
      ['a', 30],
      ['b', 50],
      ['c', 60],
    ]);
    expect(flushed).toBe(1);
  });
});
