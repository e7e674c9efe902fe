import type { ClockReport, TapReport } from '@bothends/proto';
import { counted, plusMinus } from '@bothends/proto/report/words';
import { formatDuration } from '@bothends/proto/time/nanoseconds';
import type { ComponentChildren } from 'preact';
import { type Band, bandsOf } from './coverage.js';

/** Gaps in words before the rest is only counted. */
const GAPS_SHOWN = 3;

/** How far each tap vouches for what it saw, and how well the two clocks are known: what every verdict rests on. */
export function CoverageBand({
  taps,
  clock,
}: {
  taps: readonly TapReport[];
  clock: ClockReport;
}): ComponentChildren {
  return (
    <section class="card coverage" aria-label="Coverage and clock quality">
      {bandsOf(taps).map((band) => (
        <TapBand key={band.tap.role} band={band} />
      ))}
      <div class="band-row">
        <span class="band-name">clock</span>
        <span class={`band-text ${clockClass(clock)}`}>{clockText(clock)}</span>
      </div>
    </section>
  );
}

function TapBand({ band: { tap, stretches } }: { band: Band }): ComponentChildren {
  const gaps = stretches.filter(({ kind }) => kind === 'gap');
  return (
    <div class="band-row">
      <span class="band-name">{tap.role}</span>
      <span class="band" role="img" aria-label={`${tap.name}: ${bandText(tap)}`}>
        {stretches.map(({ from, width, kind, text }) => (
          <span
            class={`stretch stretch-${kind}`}
            style={{ left: `${from}%`, width: `${width}%` }}
            title={text}
          />
        ))}
      </span>
      <span class="band-text quiet">
        {tap.name} · {bandText(tap)}
        {gaps.slice(0, GAPS_SHOWN).map(({ text }) => (
          <span class="gap">{text}</span>
        ))}
        {gaps.length > GAPS_SHOWN && <span class="gap">and {gaps.length - GAPS_SHOWN} more</span>}
      </span>
    </div>
  );
}

function bandText(tap: TapReport): string {
  const words = { complete: 'complete', gaps: `has ${counted(tap.gaps.length, 'gap')}`, unknown: 'unknown' };
  const drops =
    tap.kernelDrops === null
      ? 'drops not counted'
      : tap.kernelDrops === 0
        ? 'none dropped'
        : `${counted(tap.kernelDrops, 'packet')} dropped`;
  const agent = tap.agentDrops > 0 ? `, ${tap.agentDrops} by the agent` : '';
  return `coverage ${words[tap.coverage]} · ${counted(tap.packets, 'packet')}, ${drops}${agent} · ${tap.backEnd}, ${tap.timestamps} time stamps`;
}

function clockText({ offsetNs, errorNs, driftPpm, method, steps }: ClockReport): string {
  if (offsetNs === null) return 'the difference of the two clocks is not known';
  const drift = driftPpm === null ? '' : ` · drift ${driftPpm.toFixed(1)} ppm`;
  const stepped =
    steps.length === 0
      ? ''
      : ` · ${counted(steps.length, 'step')}: ${steps.map((s) => `${s.tap} by ${formatDuration(s.byNs)}`).join(', ')}`;
  return `server − client ${plusMinus(offsetNs, errorNs)}${drift} · ${method}${stepped}`;
}

function clockClass({ offsetNs, steps }: ClockReport): string {
  return offsetNs === null || steps.length > 0 ? 'warn' : 'quiet';
}
