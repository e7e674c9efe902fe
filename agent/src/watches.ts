import { msOf } from '@bothends/proto';
import type { Logger } from 'pino';
import type { SystemClock } from './clock/clock.js';
import type { ClockExchange } from './clock/exchange.js';
import { watchClock } from './clock/watch.js';
import type { Host } from './control/host.js';
import { ceilingPassed, guestReadings } from './control/taps/ceilings.js';
import type { Taps } from './control/taps/taps.js';
import { watchWhereabouts } from './host/whereabouts.js';
import type { Policy } from './policy/policy.js';
import type { RawStore } from './raw/raw-store.js';
import type { IdentityKeeper } from './uplink/identity-keeper.js';
import type { Link } from './uplink/link.js';

/** A tap takes a few MB of memory and disk in this time at full load. */
const CEILINGS_MS = 1000;
/** Offloads, XDP programs and clock synchronisation change when somebody changes them. */
const SURVEY_MS = 30_000;
/** Certificates are renewed months ahead: once an hour is often enough, and soon enough after a long absence. */
const RENEWAL_MS = 3_600_000;
/** A policy that lets no more packets be kept holds at once for people; so do the hours of their retention. */
const RAW_SWEEP_MS = 10_000;

/** What an agent looks after while it runs. */
export interface Watched {
  readonly host: Host;
  readonly taps: Taps;
  readonly raw: RawStore;
  readonly link: Link;
  readonly keeper: IdentityKeeper;
  readonly exchange: ClockExchange;
  readonly clock: SystemClock;
  readonly logger: Logger;
  readonly policy: () => Policy;
}

/** Acts when its host, the time, its certificate or its own size change, until the returned function is called. */
export function keepWatch(watched: Watched, dataDir: string): () => void {
  const { host, taps, raw, link, keeper, exchange, clock, logger, policy } = watched;
  const readings = guestReadings(dataDir);
  const stops = [
    watchClock(clock, (step) => {
      logger.warn({ byNs: String(step.byNs) }, 'the wall clock of this host was set');
      exchange.forget();
      taps.clockStepped(step.oldNs, step.newNs);
    }),
    watchWhereabouts(() => {
      logger.info({ hostname: host.hostname }, 'this host has another name or address');
      link.introduce();
    }),
    every(SURVEY_MS, () => void host.survey()),
    every(RENEWAL_MS, () => {
      const nowNs = exchange.coordinatorNs();
      if (nowNs !== null) void keeper.check(msOf(nowNs));
    }),
    every(RAW_SWEEP_MS, () => raw.sweep(msOf(clock.wallNs()))),
    every(CEILINGS_MS, () => {
      const passed = ceilingPassed(policy(), readings);
      if (passed !== null) taps.endAll(passed);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function every(ms: number, action: () => void): () => void {
  const timer = setInterval(action, ms);
  return () => clearInterval(timer);
}
