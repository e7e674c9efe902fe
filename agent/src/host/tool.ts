import { execFile } from 'node:child_process';
import { programEnvironment } from '../capture/tcpdump/program.js';

/** These programs ask the kernel and answer at once; a hanging one must not hold up an agent. */
const TOOL_MS = 2_000;

/** What a program of the system prints, run without a shell; null when it is missing, fails or takes too long. */
export type RunTool = (program: string, args: readonly string[]) => Promise<string | null>;

export const runTool: RunTool = (program, args) =>
  new Promise((resolve) => {
    execFile(program, args, { env: programEnvironment(), timeout: TOOL_MS }, (error, stdout) => {
      resolve(error === null ? stdout : null);
    });
  });
