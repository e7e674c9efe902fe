/** Neither group nor others: what agents and coordinators write is evidence, keys, and what leads to them. */
const OWNER_ONLY = 0o077;

/** From now on this process makes files for its user alone, whatever the folder that they are in lets others do. */
export function makeFilesPrivate(): void {
  process.umask(OWNER_ONLY);
}
