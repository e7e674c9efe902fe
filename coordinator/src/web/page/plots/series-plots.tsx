import type { ClockReport } from '@bothends/proto';
import { counted } from '@bothends/proto/report/words';
import { formatDuration } from '@bothends/proto/time/nanoseconds';
import { type ComponentChildren, Fragment } from 'preact';
import { type Column, DIRECTIONS, type Direction, type Series } from './series.js';

/** Columns of a plot, and its height; the width is stretched to what there is. */
export const COLUMNS = 240;
const HEIGHT = 120;
const LOSS_HEIGHT = 40;

const NAMES: Readonly<Record<Direction, string>> = {
  'toward-server': 'toward the server',
  'toward-client': 'toward the client',
};

interface PlotProps {
  series: Series;
  /** Somebody pointed at it; without, there is nothing to point at. */
  point?: (event: MouseEvent) => void;
}

interface LatencyProps extends PlotProps {
  clock: ClockReport;
  /** What the line shows of each column. */
  typical: 'median' | 'mean';
}

/** Time on the way by direction: a line, and from the lowest to the highest around it. */
export function LatencyPlot({ series, clock, typical, point }: LatencyProps): ComponentChildren {
  const { range, columns } = series;
  if (range === null)
    return <p class="quiet">No packet was seen at both ends, so there is no latency to show.</p>;
  const bottom = Math.min(0, range.lowest);
  // A little air, so that the highest value is not drawn on the edge.
  const top = Math.max(range.highest * 1.1, bottom + 1);
  const y = (ns: number) => HEIGHT - ((ns - bottom) / (top - bottom)) * HEIGHT;
  const summary = DIRECTIONS.map(
    (direction) => `${NAMES[direction]} ${typicalText(columns[direction])}`,
  ).join(', ');
  return (
    <figure>
      <figcaption>
        <strong>Time on the way</strong> <Key /> <span class="quiet">{errorText(clock)}</span>
      </figcaption>
      <div class="plot">
        <span class="y-top quiet">{formatDuration(top)}</span>
        <span class="y-bottom quiet">{formatDuration(bottom)}</span>
        <svg
          viewBox={`0 0 ${COLUMNS} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Time on the way, ${typical}: ${summary}`}
          {...pointer(point)}
        >
          {DIRECTIONS.map((direction) => (
            <Fragment>
              <path class={`spread ${direction}`} d={spreadPath(columns[direction], y)} />
              <path class={`typical ${direction}`} d={typicalPath(columns[direction], y)} />
            </Fragment>
          ))}
        </svg>
      </div>
    </figure>
  );
}

/** Packets that died on the path: upward those toward the server, downward those toward the client. */
export function LossPlot({ series, point }: PlotProps): ComponentChildren {
  const { columns, lost } = series;
  const highest = Math.max(
    1,
    ...DIRECTIONS.flatMap((direction) => columns[direction].map((each) => each.lost)),
  );
  const text = DIRECTIONS.map((direction) => `${lost[direction]} ${NAMES[direction]}`).join(', ');
  const bar = (direction: Direction, i: number, { lost: count }: Column) => {
    const height = (count / highest) * (LOSS_HEIGHT / 2 - 1);
    const y = direction === 'toward-server' ? LOSS_HEIGHT / 2 - height : LOSS_HEIGHT / 2;
    return <rect class={`loss ${direction}`} x={i} y={y} width={1.6} height={height} />;
  };
  return (
    <figure>
      <figcaption>
        <strong>Lost packets</strong> <span class="quiet">{text}</span>
      </figcaption>
      <div class="plot plot-loss">
        <span class="y-top quiet">{counted(highest, 'packet')}</span>
        <svg
          viewBox={`0 0 ${COLUMNS} ${LOSS_HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Lost packets: ${text}`}
          {...pointer(point)}
        >
          <line class="rail" x1={0} x2={COLUMNS} y1={LOSS_HEIGHT / 2} y2={LOSS_HEIGHT / 2} />
          {DIRECTIONS.map((direction) =>
            columns[direction].map((each, i) => (each.lost === 0 ? null : bar(direction, i, each))),
          )}
        </svg>
      </div>
    </figure>
  );
}

/** The ladder below is the keyboard's way to a packet. */
function pointer(point: PlotProps['point']): { onClick?: (event: MouseEvent) => void; class?: string } {
  return point === undefined ? {} : { onClick: point, class: 'pointable' };
}

function Key(): ComponentChildren {
  return (
    <span class="key">
      {DIRECTIONS.map((direction) => (
        <span class={direction}>{NAMES[direction]}</span>
      ))}
    </span>
  );
}

/** The split into directions is as uncertain as the clocks; their sum is not. */
function errorText({ errorNs }: ClockReport): string {
  return errorNs === null ? 'clocks not compared' : `each ± ${formatDuration(errorNs)}, both together exact`;
}

function typicalText(columns: readonly Column[]): string {
  const known = columns.flatMap(({ typical }) => (typical === null ? [] : [typical])).sort((a, b) => a - b);
  const middle = known[known.length >> 1];
  return middle === undefined ? 'none' : formatDuration(middle);
}

/** Columns without a packet that the line crosses: a twentieth of the plot; a longer pause leaves it open. */
const CROSSED = COLUMNS / 20;

/** A line through the columns that have a value; a short bar where none is near. */
function typicalPath(columns: readonly Column[], y: (ns: number) => number): string {
  let last = Number.NEGATIVE_INFINITY;
  const parts: string[] = [];
  for (const [i, { typical }] of columns.entries()) {
    if (typical === null) continue;
    parts.push(`${i - last <= CROSSED ? 'L' : 'M'}${i} ${y(typical).toFixed(1)}h1`);
    last = i;
  }
  return parts.join('');
}

/** From the lowest to the highest of each column. */
function spreadPath(columns: readonly Column[], y: (ns: number) => number): string {
  return columns
    .flatMap(({ lowest, highest }, i) => {
      if (lowest === null || highest === null) return [];
      const height = Math.max(1, y(lowest) - y(highest));
      return [`M${i} ${y(highest).toFixed(1)}h1v${height.toFixed(1)}h-1z`];
    })
    .join('');
}
