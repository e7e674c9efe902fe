import type { ClockReport, LadderRow } from '@bothends/proto';
import { formatDuration } from '@bothends/proto/time/nanoseconds';
import type { ComponentChildren } from 'preact';
import { seriesOf } from './series.js';
import { COLUMNS, LatencyPlot, LossPlot } from './series-plots.js';

interface PlotsProps {
  rows: readonly LadderRow[];
  clock: ClockReport;
  /** Somebody pointed at this moment, ns from the first packet. */
  select: (timeNs: number) => void;
}

/** Latency and loss of a flow over time, by direction. */
export function Plots({ rows, clock, select }: PlotsProps): ComponentChildren {
  const series = seriesOf(rows, COLUMNS);
  const point = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    select(((event.clientX - box.left) / box.width) * series.spanNs);
  };
  return (
    <section class="card plots" aria-label="Latency and loss over time">
      <LatencyPlot series={series} clock={clock} typical="median" point={point} />
      <LossPlot series={series} point={point} />
      <div class="axis quiet" aria-hidden="true">
        <span>0</span>
        <span>{formatDuration(series.spanNs / 2)}</span>
        <span>{formatDuration(series.spanNs)}</span>
      </div>
    </section>
  );
}
