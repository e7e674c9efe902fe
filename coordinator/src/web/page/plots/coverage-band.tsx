import type { TapReport } from '@bothends/proto';
import { counted } from '@bothends/proto/report/words';
import type { ComponentChildren } from 'preact';
import type { Band, Stretch } from './coverage.js';

/** Gaps in words before the rest is only counted. */
const GAPS_SHOWN = 3;

/** How far one tap vouches for what it saw. */
export function TapBand({ band: { tap, stretches } }: { band: Band }): ComponentChildren {
  const gaps = stretches.filter(({ kind }) => kind === 'gap');
  return (
    <BandRow name={tap.role} label={`${tap.name}: ${bandText(tap)}`} stretches={stretches}>
      {tap.name} · {bandText(tap)}
      {gaps.slice(0, GAPS_SHOWN).map(({ text }) => (
        <span class="gap">{text}</span>
      ))}
      {gaps.length > GAPS_SHOWN && <span class="gap">and {gaps.length - GAPS_SHOWN} more</span>}
    </BandRow>
  );
}

interface BandRowProps {
  name: string;
  /** What it shows, for those who do not see it. */
  label: string;
  stretches: readonly Stretch[];
  children: ComponentChildren;
}

/** A band over the axis, with its name before it and words below. */
export function BandRow({ name, label, stretches, children }: BandRowProps): ComponentChildren {
  return (
    <div class="band-row">
      <span class="band-name">{name}</span>
      <span class="band" role="img" aria-label={label}>
        {stretches.map(({ from, width, kind, text }) => (
          <span
            class={`stretch stretch-${kind}`}
            style={{ left: `${from}%`, width: `${width}%` }}
            title={text}
          />
        ))}
      </span>
      <span class="band-text quiet">{children}</span>
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
  const agent = tap.agentDrops > 0 ? `, ${counted(tap.agentDrops, 'packet')} by the agent` : '';
  return `coverage ${words[tap.coverage]} · ${counted(tap.packets, 'packet')}, ${drops}${agent} · ${tap.backEnd}, ${tap.timestamps} time stamps`;
}
