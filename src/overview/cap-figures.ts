/** How much of a cap over all recipients is used up. */
export interface CapFigures {
  readonly cap: 'per_hour';
  /** What counts in the running window. */
  readonly used: number;
  readonly max: number;
  /** Of `max`, what only criticals may use. */
  readonly criticalReserve: number;
}
