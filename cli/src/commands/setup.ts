import type { Command } from 'commander';
import type { Io } from '../io.js';

/** What a command file gets: the program to register on, the world, and where to leave its exit status. */
export interface Setup {
  readonly program: Command;
  readonly io: Io;
  readonly exit: (status: number) => void;
}

/** Registers one command: its flags, help and run. */
export type Register = (setup: Setup) => void;
