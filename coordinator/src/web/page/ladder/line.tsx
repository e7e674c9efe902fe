import type { LadderRow } from '@bothends/proto';
import { type ComponentChildren, Fragment } from 'preact';
import { LINE_HEIGHT } from './size.js';
import { packetText, packetTextShort } from './words.js';

/** Where the two ends stand, CSS px. */
export interface Lane {
  left: number;
  right: number;
  width: number;
  /** Packet numbers beside the ends: there is room for them. */
  hasNumbers: boolean;
}

/** Narrower than this, a phone: times, arrows and few words. */
const NARROW = 560;
/** Width of the columns of time and of packet number. */
const TIME = 92;
const TIME_NARROW = 74;
const NUMBER = 58;
/** For the curve that ties a repeated packet to its original. */
const MARGIN = 18;
/** Of a character at 12 px in a monospace font. */
const CHARACTER = 7.3;

export function laneOf(width: number): Lane {
  const hasNumbers = width >= NARROW;
  const left = hasNumbers ? TIME + NUMBER + MARGIN : TIME_NARROW + MARGIN;
  return { left, right: width - (hasNumbers ? NUMBER : 0) - MARGIN, width, hasNumbers };
}

/** How far along its way, from its sender, a packet dies or a forged one begins: between the taps, place unknown. */
const ON_THE_PATH = { lost: 0.7, injected: 0.35 } as const;

interface LadderLineProps {
  row: LadderRow;
  y: number;
  lane: Lane;
  isSelected: boolean;
  /** Top of the line of the packet that this one repeats. */
  originalY: number | null;
}

/** One packet: time, numbers, and an arrow from where it began to where it ended. */
export function LadderLine({ row, y, lane, isSelected, originalY }: LadderLineProps): ComponentChildren {
  const { left, right, width, hasNumbers } = lane;
  const middle = y + LINE_HEIGHT * 0.62;
  const room = Math.floor((right - left - 16) / CHARACTER);
  const text = hasNumbers ? packetText(row) : packetTextShort(row);
  return (
    <Fragment>
      {isSelected && <rect class="selected" x={0} y={y} width={width} height={LINE_HEIGHT} />}
      <text class="time" x={(hasNumbers ? TIME : TIME_NARROW) - 8} y={middle} text-anchor="end">
        {(row.timeNs / 1e9).toFixed(hasNumbers ? 6 : 4)}
      </text>
      {hasNumbers && (
        <Fragment>
          <text class="number" x={left - MARGIN} y={middle} text-anchor="end">
            {row.clientNumber === null ? '' : `#${row.clientNumber}`}
          </text>
          <text class="number" x={right + MARGIN} y={middle}>
            {row.serverNumber === null ? '' : `#${row.serverNumber}`}
          </text>
        </Fragment>
      )}
      <Arrow row={row} y={y} lane={lane} />
      <text class={`packet-text fate-${row.fate}`} x={(left + right) / 2} y={y + 12} text-anchor="middle">
        {text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text}
      </text>
      {originalY !== null && <Tie row={row} y={y} originalY={originalY} lane={lane} />}
    </Fragment>
  );
}

function Arrow({ row, y, lane }: { row: LadderRow; y: number; lane: Lane }): ComponentChildren {
  const toServer = row.direction === 'toward-server';
  const [sender, receiver] = toServer ? [lane.left, lane.right] : [lane.right, lane.left];
  const along = (share: number) => sender + (receiver - sender) * share;
  const begin = row.fate === 'injected' ? along(ON_THE_PATH.injected) : sender;
  const end = row.fate === 'lost' ? along(ON_THE_PATH.lost) : receiver;
  const kind = row.flags.includes('R') ? `fate-${row.fate} reset` : `fate-${row.fate}`;
  // It falls a little on the way: time goes down.
  const [top, bottom] = [y + 18, y + 25];
  const back = toServer ? -7 : 7;
  return (
    <g class={`arrow ${kind}`}>
      <line x1={begin} y1={top} x2={end} y2={bottom} />
      {row.fate === 'lost' ? (
        <path d={`M${end - 5} ${bottom - 5}l10 10m0 -10l-10 10`} />
      ) : (
        <path class="head" d={`M${end} ${bottom}l${back} -5v9z`} />
      )}
      {row.fate === 'injected' && <circle class="head" cx={begin} cy={top} r={4} />}
    </g>
  );
}

/** From a repeated packet back to its original, on its sender's side. */
function Tie({
  row,
  y,
  originalY,
  lane,
}: Omit<LadderLineProps, 'isSelected' | 'originalY'> & { originalY: number }): ComponentChildren {
  const toServer = row.direction === 'toward-server';
  const x = toServer ? lane.left : lane.right;
  const out = toServer ? x - MARGIN * 0.8 : x + MARGIN * 0.8;
  const [from, to] = [originalY + 18, y + 18];
  return <path class="tie" d={`M${x} ${from}C${out} ${from} ${out} ${to} ${x} ${to}`} />;
}
