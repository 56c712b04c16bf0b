import { describe, expect, it } from 'vitest';
import { type Answer, isDemoted, readSlots } from '../../../src/redis/failover/primary-view.ts';

const says = (from: string, ...primaries: string[]): Answer => ({ from, primaries: new Set(primaries) });

describe('a server counts as demoted', () => {
  it.each<[string, boolean, Answer[]]>([
    ['when every Sentinel names another', true, [says('s1', 'new:1'), says('s2', 'new:1'), says('s3', 'new:1')]],
    ['when most Sentinels name another', true, [says('s1', 'old:1'), says('s2', 'new:1'), says('s3', 'new:1')]],
    ['not when one Sentinel is ahead of the others', false, [says('s1', 'new:1'), says('s2', 'old:1'), says('s3', 'old:1')]],
    ['not when the Sentinels are divided', false, [says('s1', 'new:1'), says('s2', 'old:1')]],
    ['when the only Sentinel that answers names another', true, [says('s1', 'new:1')]],
    ['not when no Sentinel answers', false, []],
    ['when the other nodes have elected its replica, whatever it says', true, [says('old:1', 'old:1', 'b:1'), says('b:1', 'new:1', 'b:1')]],
    ['not on its own word alone', false, [says('old:1', 'new:1')]],
    ['not while the cluster keeps its slots for it', false, [says('b:1', 'old:1', 'b:1'), says('c:1', 'old:1', 'c:1')]],
  ])('%s', (_, demoted, answers) => {
    expect(isDemoted('old:1', answers)).toBe(demoted);
  });
});

describe('CLUSTER SLOTS', () => {
  const node = (host: unknown, port: unknown) => [host, port, 'id', []];

  it('names the primary of each range first, then its replicas', () => {
    const reply = [
      [0, 99, node('10.0.0.1', 7000), node('10.0.0.4', 7003)],
      [100, 16383, node('10.0.0.2', 7001)],
    ];
    expect(readSlots(reply, '10.0.0.1')).toEqual({
      primaries: new Set(['10.0.0.1:7000', '10.0.0.2:7001']),
      servers: new Set(['10.0.0.1:7000', '10.0.0.4:7003', '10.0.0.2:7001']),
    });
  });

  it.each([
    ['a node that leaves its own name out is at the host that was asked', [[0, 1, node('', 7000)]], ['asked:7000']],
    ['so is one whose name is null', [[0, 1, node(null, 7000)]], ['asked:7000']],
    ['one whose name is not known is left out', [[0, 1, node('?', 7000)]], []],
    ['no slots', [], []],
    ['something else', 'OK', []],
    ['a range without nodes', [[0, 1]], []],
  ])('%s', (_, reply, primaries) => {
    expect([...readSlots(reply, 'asked').primaries]).toEqual(primaries);
  });
});
