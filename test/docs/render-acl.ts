import { aclRules, REDIS_USERS } from '../../src/redis/access/permissions.ts';

/** An ACL file for redis.conf, one user for each role. */
export function renderAcl(): string {
  return aclLines().join('\n').concat('\n');
}

export function aclLines(prefix = '{sms}'): string[] {
  return REDIS_USERS.map((user) => `user sms-${user} on >CHANGE-ME ${aclRules(user, prefix).join(' ')}`);
}
