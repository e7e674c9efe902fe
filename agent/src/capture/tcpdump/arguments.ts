import type { OpenOptions } from '../source.js';

/**
 * Arguments of the capture; the filter is one argument behind `--`, where nothing is an option.
 * @param asRoot whether root will run it
 */
export function captureArguments(options: Omit<OpenOptions, 'digestKey'>, asRoot: boolean): string[] {
  const args = ['-i', options.interface, '-s', String(options.snaplen)];
  args.push('-B', String(Math.max(1, Math.ceil(options.bufferBytes / 1024))));
  // Each packet at once: immediate mode from the kernel, unbuffered into the pipe.
  args.push('--immediate-mode', '-U', '-n', '-w', '-', '--time-stamp-precision=nano');
  // The second version of the cooked header names the interface of each packet.
  if (options.interface === 'any') args.push('-y', 'LINUX_SLL2');
  // Debian's tcpdump changes to a user of its own, which a container may not have, and which needs CAP_KILL to
  // be asked for counters. With -w it parses no packets, so there is little to protect.
  if (asRoot) args.push('-Z', 'root');
  return options.filter.trim() === '' ? args : [...args, '--', options.filter];
}
