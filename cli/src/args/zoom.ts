import { type Command, Option } from 'commander';
import { LANDMARKS, type Landmark, type Zoom } from '../render/ladder-rows.js';
import { duration, width } from './values.js';

export interface LadderFlags {
  around?: Landmark;
  from?: number;
  to?: number;
  width?: number;
}

/** Adds the options that choose what a ladder shows. */
export function ladderOptions(command: Command): Command {
  return command
    .addOption(new Option('--around <what>', 'only the packets around the first of these').choices(LANDMARKS))
    .option('--from <time>', 'from this long after the first packet: 300ms, 60s', duration)
    .option('--to <time>', 'to this long after the first packet', duration)
    .option('--width <columns>', 'columns to draw it in; the terminal by default', width);
}

/** The zoom that the flags ask for. */
export function zoomOf(flags: LadderFlags): Zoom {
  return { around: flags.around ?? null, fromMs: flags.from ?? null, toMs: flags.to ?? null };
}
