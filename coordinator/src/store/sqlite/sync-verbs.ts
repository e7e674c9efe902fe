import type { Store } from '../store.js';

/** The verbs of a store that run at once, on the thread of the database. */
export type SyncVerbs = {
  [Verb in Exclude<keyof Store, 'close'>]: (
    ...input: Parameters<Store[Verb]>
  ) => Awaited<ReturnType<Store[Verb]>>;
};
