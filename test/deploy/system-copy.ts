import { spawnSync } from 'node:child_process';

/**
 * Why installing cannot be tried on a copy of this system (an overlay that vanishes); '' where it can.
 * @param packages Debian packages that have to be here already
 */
export function whyNoCopy(packages: readonly string[]): string {
  if (process.getuid?.() !== 0) return 'only root can install anything';
  const missing = packages.filter((name) => spawnSync('dpkg', ['-s', name]).status !== 0);
  if (missing.length > 0) return `not installed as Debian packages: ${missing.join(', ')}`;
  const overlay = spawnSync('grep', ['-qw', 'overlay', '/proc/filesystems']).status === 0;
  return overlay ? '' : 'this kernel has no overlayfs, so there is no copy of this system to try it on';
}
