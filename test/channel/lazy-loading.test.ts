import { expect, it, vi } from 'vitest';
import { given } from './given.ts';

const loaded = vi.hoisted((): string[] => []);
vi.mock('nodemailer', (original) => {
  loaded.push('nodemailer');
  return original();
});

it('loads the mail library only for a config with an e-mail channel', async () => {
  for (const type of ['slack', 'discord', 'webhook']) await given({ type, url: 'http://127.0.0.1:9' });
  expect(loaded).toEqual([]);
  await given({ type: 'email', smtp: 'smtp://127.0.0.1:9', from: 'a@example.com' });
  expect(loaded).toEqual(['nodemailer']);
});
