/** Systems whose config can be imported. */
export const SYSTEMS = ['hertzbeat', 'gramex'] as const;
export type System = (typeof SYSTEMS)[number];
