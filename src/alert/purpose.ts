export const PURPOSES = ['alert', 'verification', 'notification'] as const;
export type Purpose = (typeof PURPOSES)[number];
