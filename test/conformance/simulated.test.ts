import type { E164 } from '../../src/alert/phone/phone.ts';
import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { MESSAGE } from './candidate.ts';
import { sitExam } from './exam.ts';

sitExam('simulated', {
  create: ({ timeoutMs, clock }) =>
    createProvider('phone-on-my-desk', providerConfigSchemas.simulated.parse({ type: 'simulated', timeout: `${timeoutMs}ms` }), {
      clock,
      templates: new Map(),
      outbox: { append: async () => undefined, latest: async () => [] },
    }),
  secrets: [],
  unanswered: { ...MESSAGE, to: '+60123450005' as E164 },
});
