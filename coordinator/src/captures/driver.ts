import { msOf, toBothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import type { Analyst, ReportText } from '../analysis/analysis.js';
import type { Fleet } from '../fleet/fleet.js';
import { LiveCapture } from '../ingest/live-capture.js';
import { Pace } from '../ingest/pace.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../time.js';
import { armMessage, type CoordinatorEndpoint, digestKeyFor } from './arm.js';
import { type Entry, notify } from './book.js';
import { type Capture, isOver, type Tap } from './capture.js';
import { step } from './life/life.js';
import type { CaptureEvent, Command } from './life/step.js';
import { priorOf, widenPrior } from './prior.js';

export interface DriverInput {
  store: Store;
  fleet: Fleet;
  clock: Clock;
  logger: Logger;
  endpoint: CoordinatorEndpoint;
  analyst: Analyst;
}

/** An event without its time, which the driver reads off the clock. */
type Untimed<Event> = Event extends unknown ? Omit<Event, 'nowNs'> : never;
export type Happening = Untimed<CaptureEvent>;

/** Moves captures from state to state and does what each step asks for: save, order, wait, analyse, report. */
export class Driver {
  readonly #in: DriverInput;
  readonly #pace = new Pace();
  #closed = false;

  constructor(input: DriverInput) {
    this.#in = input;
  }

  /** Something happened to a capture. */
  apply(entry: Entry, happening: Happening): void {
    if (this.#closed) return;
    const before = entry.capture;
    const event = { ...happening, nowNs: this.#in.clock.nowNs() } as CaptureEvent;
    const { capture, commands } = step(before, event);
    if (capture === before && commands.length === 0) return;
    entry.capture = capture;
    if (capture.phase.state !== before.phase.state) this.#enter(entry);
    if (capture.phase !== before.phase) this.#setDeadline(entry);
    // Only moves the deadline, and that for every batch: not worth a write.
    if (event.type === 'progress') return;
    this.#enqueue(entry, commands);
    notify(entry);
  }

  /** Goes on with a capture that an earlier run of the coordinator left; `drained` are taps whose evidence is whole. */
  resume(entry: Entry, drained: readonly string[]): void {
    const { id, phase, reported } = entry.capture;
    if (!isOver(phase)) this.#in.logger.info({ capture: id, state: phase.state }, 'capture resumed');
    else if (phase.state !== 'failed' && !reported) this.#enqueue(entry, [{ do: 'finish' }]);
    if (phase.state === 'recording' || phase.state === 'draining') this.#goLive(entry);
    this.apply(entry, { type: 'resume' });
    for (const tapId of drained) this.apply(entry, { type: 'drained', tapId });
    this.#setDeadline(entry);
  }

  /** Orders a tap to stop outside of a step, such as one whose capture is gone. */
  stopTap(agent: string, tapId: string, leadOutMs: number, discard: boolean): void {
    this.#in.fleet.send(agent, { $case: 'stop', value: { tapId, leadOutMs, discard } });
  }

  /** The capture is no longer known. */
  release(entry: Entry): void {
    entry.cancelDeadline?.();
    entry.live?.abandon();
    entry.live = null;
  }

  /** Nothing moves any more; reports that are being written still are. */
  close(entries: readonly Entry[]): void {
    this.#closed = true;
    for (const entry of entries) {
      entry.cancelDeadline?.();
      if (!isOver(entry.capture.phase)) this.release(entry);
    }
  }

  #enqueue(entry: Entry, commands: readonly Command[]): void {
    entry.saved = entry.work.then(async () => await this.#save(entry.capture));
    entry.work = entry.saved.then(async () => {
      for (const command of commands) await this.#attempt(entry, command);
    });
  }

  /** One command that goes wrong must not keep the capture from its end. */
  async #attempt(entry: Entry, command: Command): Promise<void> {
    try {
      await this.#carryOut(entry, command);
    } catch (error) {
      const { id } = entry.capture;
      this.#in.logger.error(
        { capture: id, order: command.do, reason: toBothendsError(error).message },
        'not carried out',
      );
    }
  }

  async #carryOut(entry: Entry, command: Command): Promise<void> {
    switch (command.do) {
      case 'arm':
        this.#arm(entry, command.tap);
        break;
      case 'start':
        this.#in.fleet.send(command.tap.agent, { $case: 'start', value: { tapId: command.tap.id } });
        break;
      case 'stop':
        // An agent that is offline is told when it is back.
        this.stopTap(command.tap.agent, command.tap.id, command.leadOutMs, command.discard);
        break;
      case 'finish':
        await this.#finish(entry);
    }
  }

  #enter(entry: Entry): void {
    const { id, phase } = entry.capture;
    const reason = 'reason' in phase ? { reason: phase.reason } : {};
    this.#in.logger.info({ capture: id, state: phase.state, ...reason }, 'capture');
    if (phase.state === 'asking' || phase.state === 'arming' || phase.state === 'armed') return;
    entry.digestKey = null;
    this.#measureClocks(entry);
    if (phase.state === 'recording') this.#goLive(entry);
  }

  #measureClocks(entry: Entry): void {
    const { taps, prior } = entry.capture;
    const [client, server] = taps.map(({ agent }) => this.#in.fleet.view(agent)?.clock ?? null);
    entry.capture = { ...entry.capture, prior: widenPrior(prior, priorOf(client, server)) };
  }

  #arm(entry: Entry, tap: Tap): void {
    if (entry.digestKey === null) return;
    // As they are now: an agent that was started again while the capture waited for consent has another key.
    const helloOf = ({ agent }: Tap) => this.#in.fleet.view(agent)?.hello ?? null;
    const peers = entry.capture.taps.filter(({ id }) => id !== tap.id).map(helloOf);
    const peer = peers.length === 1 ? (peers[0] ?? null) : null;
    const key = digestKeyFor(helloOf(tap), peer, entry.digestKey);
    const value = armMessage(entry.capture, tap, key, this.#in.endpoint);
    const sent = this.#in.fleet.send(tap.agent, { $case: 'arm', value });
    if (!sent) this.apply(entry, { type: 'offline', agent: tap.agent });
  }

  #goLive(entry: Entry): LiveCapture {
    const { capture } = entry;
    const { store, clock, logger, analyst } = this.#in;
    entry.live = new LiveCapture(
      capture,
      analyst.analyse(capture),
      { store, clock, pace: this.#pace },
      {
        news: ({ headline, findings, crowded = [] }) => {
          for (const { name: agent } of crowded.filter(({ name }) => !entry.crowded.has(name))) {
            entry.crowded.add(agent);
            logger.warn(
              { capture: capture.id, agent },
              'more flows than one capture follows: the rest is only counted',
            );
          }
          entry.findings = findings;
          entry.capture = { ...entry.capture, headline };
          for (const watcher of entry.watchers) watcher.findings(findings);
        },
        reached: () => this.apply(entry, { type: 'stop', by: `--until ${capture.request.until}` }),
        failed: (reason) => logger.error({ capture: capture.id, reason }, 'analysis failed'),
      },
    );
    return entry.live;
  }

  /** Computes and stores the report. One that fails is tried again at the next start. */
  async #finish(entry: Entry): Promise<void> {
    const { capture } = entry;
    try {
      const { json, headline } = await this.#report(entry);
      await this.#in.store.saveReport(capture.id, json);
      entry.capture = { ...entry.capture, headline, reported: true };
      await this.#in.store.saveCapture(entry.capture);
    } catch (error) {
      const reason = toBothendsError(error).message;
      this.#in.logger.error({ capture: capture.id, reason }, 'report not written');
    }
    entry.live = null;
    notify(entry);
  }

  /** Of the running analysis, or of a fresh one where there is none or it broke. */
  async #report(entry: Entry): Promise<ReportText> {
    const { capture, live } = entry;
    try {
      return await (live ?? this.#goLive(entry)).finish(capture);
    } catch (error) {
      if (live === null) throw error;
      return await this.#goLive(entry).finish(capture);
    }
  }

  async #save(capture: Capture): Promise<void> {
    try {
      await this.#in.store.saveCapture(capture);
    } catch (error) {
      // The capture goes on in memory; a full disk must not leave taps running.
      const reason = toBothendsError(error).message;
      this.#in.logger.error({ capture: capture.id, reason }, 'capture not saved');
    }
  }

  #setDeadline(entry: Entry): void {
    entry.cancelDeadline?.();
    entry.cancelDeadline = null;
    const { phase } = entry.capture;
    if (!('deadlineNs' in phase)) return;
    const { clock } = this.#in;
    const ms = msOf(phase.deadlineNs - clock.nowNs()) + 1;
    entry.cancelDeadline = clock.after(Math.max(ms, 0), () => {
      // Timers run on another clock than deadlines, which may be set back meanwhile: one that came early waits again.
      if (clock.nowNs() < phase.deadlineNs) this.#setDeadline(entry);
      else this.apply(entry, { type: 'deadline' });
    });
  }
}
