/** What is known of dedup keys, for a person who is about to resolve one. */
export interface Episodes {
  /** Whether a resolve of this key would end anything: an alert of it waits, or became texts or notices and was not resolved since. */
  isOpen(dedupKey: string): Promise<boolean>;
  /** Keys of the newest alerts, newest first, each once. */
  recentKeys(): Promise<string[]>;
  close(): Promise<void>;
}
