import { appendFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { TOPOLOGIES } from '../../support/redis-topologies.ts';
import { FAULTS, type GroupResult, runGroup } from './group-run.ts';

/**
 * `npm run chaos:groups -- --topology cluster33,sentinel --fault freeze --member primary --seconds 10,60`: Redis groups under
 * faults, one table row each; everything is added to chaos-groups.jsonl as it comes.
 */
const RESULTS = 'chaos-groups.jsonl';
const SHOWN = 5;
const { values } = parseArgs({
  options: {
    topology: { type: 'string', default: Object.keys(TOPOLOGIES).join() },
    fault: { type: 'string', default: 'kill,freeze,restart' },
    member: { type: 'string', default: 'primary,replica,other,sentinel' },
    seconds: { type: 'string', default: '10,60,1,5,20' },
    out: { type: 'string', default: RESULTS },
    /** Every process connects as its user of deploy/redis/users.acl. */
    acl: { type: 'boolean', default: false },
  },
});

/** Members that a topology has not are left out. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  cluster33: ['primary', 'replica', 'other'],
  cluster3: ['primary', 'other'],
  sentinel: ['primary', 'replica', 'sentinel'],
};

const cells = (row: readonly string[]) => row.map((cell, index) => (index === 0 ? cell.padEnd(34) : cell.padStart(11))).join('');
const HEAD = ['', 'accepted', 'ended', 'lost', 'unknown', 'visible', 'silent', 'gap s', 'back s', 'unready s', 'end s', 'events -', ''];
const lineOf = (result: GroupResult) =>
  cells([
    result.run,
    ...[result.accepted, result.ended, result.lost, result.unknown, result.visibleDuplicates, result.silentDuplicates].map(String),
    ...[result.longestGap, result.recovered, result.notReady, result.settledAfter].map((seconds) => seconds.toFixed(1)),
    String(result.eventsMissing),
    result.broken.length === 0 && result.readyAtEnd ? 'kept' : 'BROKEN',
  ]);

const known = { topology: Object.keys(TOPOLOGIES), fault: Object.keys(FAULTS) };
for (const [name, words] of Object.entries(known)) {
  const unknown = values[name as keyof typeof known].split(',').filter((word) => !words.includes(word));
  if (unknown.length > 0) throw new Error(`--${name} ${unknown}: there are ${words.join(', ')}`);
}

let broken = false;
process.stdout.write(`${cells(HEAD)}\n`);
for (const topology of values.topology.split(',')) {
  for (const seconds of values.seconds.split(',').map(Number)) {
    for (const member of values.member.split(',').filter((name) => MEMBERS[topology]?.includes(name))) {
      for (const fault of values.fault.split(',')) {
        try {
          const result = await runGroup({ topology, fault, member, seconds, acl: values.acl });
          await appendFile(values.out, `${JSON.stringify(result)}\n`);
          process.stdout.write(`${lineOf(result)}\n`);
          for (const what of [...result.broken, ...result.errors].slice(0, SHOWN)) process.stdout.write(`    ! ${what.slice(0, 300)}\n`);
          for (const [name, counts] of Object.entries({ door: result.refusals, client: result.clientErrors })) {
            const said = Object.entries(counts).map(([what, count]) => `${count} × ${what}`);
            if (said.length > 0) process.stdout.write(`    ${name}: ${said.join(', ')}\n`);
          }
          broken ||= result.broken.length > 0 || !result.readyAtEnd;
        } catch (error) {
          broken = true;
          process.stdout.write(`${topology} ${fault} ${member} ${seconds}s broke off: ${(error as Error).stack}\n`);
        }
      }
    }
  }
}
// A run that broke off may have left a connection open.
process.exit(broken ? 1 : 0);
