import type { ClockReport, PathHistory, TapReport } from '@bothends/proto';
import { formatInstant } from '@bothends/proto/time/nanoseconds';
import type { ComponentChildren } from 'preact';
import { type Axis, axisOf, bandsOf, clockStretches, clockText } from './coverage.js';
import { BandRow, TapBand } from './coverage-band.js';
import { historySeries } from './history-series.js';
import { COLUMNS, LatencyPlot, LossPlot } from './series-plots.js';

interface CaptureTimelineProps {
  taps: readonly TapReport[];
  clock: ClockReport;
  /** Null until it is there, or where there is none. */
  history: PathHistory | null;
}

/**
 * A capture on one axis of time: how far each tap vouches for what it saw, how well the two clocks are known, and what the
 * path did to the packets of all flows.
 */
export function CaptureTimeline({ taps, clock, history }: CaptureTimelineProps): ComponentChildren {
  const axis = axisOf(taps, clock, history);
  const stretches = axis === null || history === null ? [] : clockStretches(history, clock, axis);
  return (
    <section class="card coverage" aria-label="Coverage, clock quality, latency and loss over time">
      {bandsOf(taps, clock, axis).map((band) => (
        <TapBand key={band.tap.role} band={band} />
      ))}
      <BandRow name="clock" label={clockText(clock)} stretches={stretches}>
        <span class={clock.offsetNs === null || clock.steps.length > 0 ? 'warn' : ''}>
          {clockText(clock)}
        </span>
      </BandRow>
      <div class="band-plots">
        {axis !== null && history !== null && (
          <Course series={historySeries(history, axis, COLUMNS)} clock={clock} axis={axis} />
        )}
      </div>
    </section>
  );
}

interface CourseProps {
  series: ReturnType<typeof historySeries>;
  clock: ClockReport;
  axis: Axis;
}

function Course({ series, clock, axis }: CourseProps): ComponentChildren {
  const middle = (axis.startNs + axis.endNs) / 2n;
  return (
    <div class="plots">
      <LatencyPlot series={series} clock={clock} typical="mean" />
      <LossPlot series={series} />
      <div class="axis quiet">
        {[axis.startNs, middle, axis.endNs].map((at) => (
          <time dateTime={formatInstant(at)}>{timeOfDay(at)}</time>
        ))}
      </div>
    </div>
  );
}

/** `13:32:34.962`, UTC as every time here. */
function timeOfDay(ns: bigint): string {
  return formatInstant(ns).slice(11, 23);
}
