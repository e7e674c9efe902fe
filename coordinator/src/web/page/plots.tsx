import type { ClockReport, LadderRow } from '@bothends/proto';
import { counted } from '@bothends/proto/report/words';
import { formatDuration } from '@bothends/proto/time/nanoseconds';
import { type ComponentChildren, Fragment } from 'preact';
import { type Column, DIRECTIONS, type Direction, type Series, seriesOf } from './series.js';

interface PlotsProps {
  rows: readonly LadderRow[];
  clock: ClockReport;
  /** Somebody pointed at this moment, ns from the first packet. */
  select: (timeNs: number) => void;
}

/** Columns of a plot, and its height; the width is stretched to what there is. */
const COLUMNS = 240;
const HEIGHT = 120;
const LOSS_HEIGHT = 40;

const NAMES: Readonly<Record<Direction, string>> = {
  'toward-server': 'toward the server',
  'toward-client': 'toward the client',
};

/** Latency and loss of a flow over time, by direction. */
export function Plots({ rows, clock, select }: PlotsProps): ComponentChildren {
  const series = seriesOf(rows, COLUMNS);
  const point = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    select(((event.clientX - box.left) / box.width) * series.spanNs);
  };
  return (
    <section class="card plots" aria-label="Latency and loss over time">
      <LatencyPlot series={series} clock={clock} point={point} />
      <LossPlot series={series} point={point} />
      <div class="axis quiet" aria-hidden="true">
        <span>0</span>
        <span>{formatDuration(series.spanNs / 2)}</span>
        <span>{formatDuration(series.spanNs)}</span>
      </div>
    </section>
  );
}

interface PlotProps {
  series: Series;
  point: (event: MouseEvent) => void;
}

function LatencyPlot({ series, clock, point }: PlotProps & { clock: ClockReport }): ComponentChildren {
  const { range, columns } = series;
  if (range === null)
    return <p class="quiet">No packet was seen at both ends, so there is no latency to show.</p>;
  const bottom = Math.min(0, range.lowest);
  // A little air, so that the highest value is not drawn on the edge.
  const top = Math.max(range.highest * 1.1, bottom + 1);
  const y = (ns: number) => HEIGHT - ((ns - bottom) / (top - bottom)) * HEIGHT;
  const summary = DIRECTIONS.map((direction) => `${NAMES[direction]} ${medianText(columns[direction])}`).join(
    ', ',
  );
  return (
    <figure>
      <figcaption>
        <strong>Time on the way</strong> <Key /> <span class="quiet">{errorText(clock)}</span>
      </figcaption>
      <div class="plot">
        <span class="y-top quiet">{formatDuration(top)}</span>
        <span class="y-bottom quiet">{formatDuration(bottom)}</span>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the ladder below is the keyboard's way to a packet */}
        <svg
          viewBox={`0 0 ${COLUMNS} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Median time on the way: ${summary}`}
          onClick={point}
        >
          {DIRECTIONS.map((direction) => (
            <Fragment>
              <path class={`spread ${direction}`} d={spreadPath(columns[direction], y)} />
              <path class={`median ${direction}`} d={medianPath(columns[direction], y)} />
            </Fragment>
          ))}
        </svg>
      </div>
    </figure>
  );
}

function LossPlot({ series, point }: PlotProps): ComponentChildren {
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
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the ladder below is the keyboard's way to a packet */}
        <svg
          viewBox={`0 0 ${COLUMNS} ${LOSS_HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Lost packets: ${text}`}
          onClick={point}
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

function medianText(columns: readonly Column[]): string {
  const medians = columns.flatMap(({ median }) => (median === null ? [] : [median])).sort((a, b) => a - b);
  const median = medians[medians.length >> 1];
  return median === undefined ? 'none' : formatDuration(median);
}

/** Columns without a packet that the line crosses: a twentieth of the plot; a longer pause leaves it open. */
const CROSSED = COLUMNS / 20;

/** A line through the columns that have a value; a short bar where none is near. */
function medianPath(columns: readonly Column[], y: (ns: number) => number): string {
  let last = Number.NEGATIVE_INFINITY;
  const parts: string[] = [];
  for (const [i, { median }] of columns.entries()) {
    if (median === null) continue;
    parts.push(`${i - last <= CROSSED ? 'L' : 'M'}${i} ${y(median).toFixed(1)}h1`);
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
