import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../../lab/paths.js';
import { isInstalled } from '../measured.js';

/** A program that plays a pcap file into an interface. */
export interface Player {
  readonly name: string;
  /** The command that plays so many packets, the file's over and over, at a rate in packets/s. */
  command(outInterface: string, file: string, rate: number, packets: number): string[];
  /** Packets/s that it reached, from what it printed. */
  reached(said: string, packets: number): number;
}

/** Our own, built into `folder`, where a compiler is; else tcpreplay, which is slower. Null where neither is. */
export function findPlayer(folder: string, packetsInFile: number): Player | null {
  const program = join(folder, 'player');
  const source = join(REPOSITORY_ROOT, 'test/bench/traffic/player.c');
  if (spawnSync('cc', ['-O2', '-o', program, source]).status === 0) return ownPlayer(program);
  return isInstalled('tcpreplay') ? tcpreplay(packetsInFile) : null;
}

function ownPlayer(program: string): Player {
  return {
    name: 'player',
    command: (out, file, rate, packets) => [program, out, file, `${rate}`, `${packets}`],
    reached: (said, packets) => packets / Number(said),
  };
}

function tcpreplay(packetsInFile: number): Player {
  return {
    name: 'tcpreplay',
    command: (out, file, rate, packets) => {
      const loops = Math.round(packets / packetsInFile);
      return ['tcpreplay', '-i', out, '-K', `--pps=${rate}`, `--loop=${loops}`, file];
    },
    reached: (said) => Number(/([\d.]+) pps/.exec(said)?.[1]),
  };
}
