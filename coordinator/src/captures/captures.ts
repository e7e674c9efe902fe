import { randomBytes } from 'node:crypto';
import { BothendsError, type Report, toBothendsError } from '@bothends/proto';
import type { Hello, TapProgress, TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { StartCaptureRequest } from '@bothends/proto/gen/bothends/v1/bothends';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Logger } from 'pino';
import type { Analyst } from '../analysis/analysis.js';
import type { Fleet, FleetListener } from '../fleet/fleet.js';
import type { TapDirectory } from '../ingest/ingest.js';
import { LiveCapture } from '../ingest/live-capture.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../time.js';
import { armMessage, type CoordinatorEndpoint, reachableAddresses } from './arm.js';
import { type Capture, isOver, type Tap } from './capture.js';
import { checkCaptureName, defaultName, findCapture, newCaptureId } from './ids.js';
import { type CaptureEvent, type Command, LEAD_OUT_MS, step } from './life.js';
import { priorOf, widenPrior } from './prior.js';
import { checkRequest } from './request.js';
import { type CaptureWatcher, type Running, running } from './running.js';
import { phaseOf } from './tap-state.js';

export interface CapturesInput {
  store: Store;
  fleet: Fleet;
  clock: Clock;
  logger: Logger;
  endpoint: CoordinatorEndpoint;
  analyst: Analyst;
}

const NS_PER_MS = 1_000_000n;

/** All captures: drives each through its life, from what operators, agents and time bring about. */
export class Captures implements FleetListener, TapDirectory {
  readonly #in: CapturesInput;
  readonly #running = new Map<string, Running>();
  readonly #taps = new Map<string, Running>();
  #closed = false;

  constructor(input: CapturesInput) {
    this.#in = input;
  }

  /** Loads what an earlier run left, and goes on with what was recording. */
  async resume(): Promise<void> {
    for (const capture of await this.#in.store.captures()) {
      const run = this.#add(capture);
      const { state } = capture.phase;
      if (state === 'recording' || state === 'draining') {
        this.#goLive(run);
        this.#in.logger.info({ capture: capture.id, state }, 'capture resumed');
        this.#setDeadline(run);
        // Agents need time to find us again before a draining tap is given up.
        this.#apply(run, { type: 'progress', nowNs: this.#in.clock.nowNs() });
      } else if (!isOver(capture.phase)) {
        this.#apply(run, {
          type: 'stop',
          by: 'the restart of the coordinator',
          nowNs: this.#in.clock.nowNs(),
        });
      }
    }
  }

  /**
   * Starts a capture over two agents; arming goes on after this returns.
   * @throws BothendsError `invalid-argument`, `not-found`, `unavailable`, `already-exists`
   */
  async start(request: StartCaptureRequest, requestedBy: string): Promise<Capture> {
    const checked = checkRequest(request, requestedBy);
    const all = this.list();
    const name =
      request.name === ''
        ? defaultName(request.client, request.server, all)
        : checkCaptureName(request.name, all);
    const id = newCaptureId();
    const tap = (role: Tap['role'], agent: string): Tap => {
      const addresses = reachableAddresses(this.#in.fleet.require(agent).hello);
      return { id: `${id}-${role}`, agent, role, addresses, phase: { state: 'requested' }, drained: false };
    };
    const run = this.#add({
      id,
      name,
      request: checked,
      requestedNs: this.#in.clock.nowNs(),
      phase: { state: 'requested' },
      taps: [tap('client', request.client), tap('server', request.server)],
      prior: null,
      headline: '',
    });
    run.digestKey = randomBytes(16);
    try {
      await this.#in.store.saveCapture(run.capture);
    } catch (error) {
      this.#remove(run);
      throw error;
    }
    this.#in.logger.info(
      { capture: id, by: requestedBy, client: request.client, server: request.server },
      'capture requested',
    );
    this.#apply(run, { type: 'begin', nowNs: this.#in.clock.nowNs() });
    return run.capture;
  }

  /** Stops a capture; one that is over already stays as it is. @throws BothendsError `not-found` */
  stop(idOrName: string, by: string): Capture {
    const run = this.#find(idOrName);
    this.#apply(run, { type: 'stop', by, nowNs: this.#in.clock.nowNs() });
    return run.capture;
  }

  /** Deletes a capture with its evidence. @throws BothendsError `not-found`, `failed-precondition` while it runs */
  async delete(idOrName: string): Promise<Capture> {
    const run = this.#find(idOrName);
    const { capture } = run;
    if (!isOver(capture.phase)) {
      throw new BothendsError(
        'failed-precondition',
        `${capture.id} is still running: "bothends stop ${capture.id}" first`,
      );
    }
    await run.work;
    await this.#in.store.deleteCapture(capture.id);
    this.#remove(run);
    // What its agents may still hold goes too.
    for (const tap of capture.taps) this.#send(tap, { do: 'stop', tap, leadOutMs: 0, discard: true });
    this.#in.logger.info({ capture: capture.id }, 'capture deleted');
    return capture;
  }

  list(): Capture[] {
    return [...this.#running.values()].map(({ capture }) => capture);
  }

  /** @throws BothendsError `not-found` with near names */
  get(idOrName: string): Capture {
    return this.#find(idOrName).capture;
  }

  progressOf(tapId: string): TapProgress | null {
    return this.#taps.get(tapId)?.progress.get(tapId) ?? null;
  }

  /** Tells a watcher of every change until the returned function is called. */
  watch(id: string, watcher: CaptureWatcher): () => void {
    const run = this.#find(id);
    run.watchers.add(watcher);
    if (run.findings.length > 0) watcher.findings(run.findings);
    return () => run.watchers.delete(watcher);
  }

  /** True between the end of a capture and its report. */
  isFinishing(id: string): boolean {
    const { live, capture } = this.#find(id);
    return live !== null && isOver(capture.phase);
  }

  /** The report now, of a live capture; null for one whose report is in the store or must be computed. */
  async liveReport(id: string): Promise<Report | null> {
    const run = this.#find(id);
    if (isOver(run.capture.phase)) await run.work;
    return run.live === null ? null : await run.live.report();
  }

  /** Resolves when everything that was decided up to now has been done. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ work }) => work));
  }

  /** Lets go of everything as it is: captures go on at the agents, and here after the next start. */
  close(): void {
    this.#closed = true;
    for (const run of this.#running.values()) {
      run.cancelDeadline?.();
      run.live?.abandon();
    }
  }

  // What agents say.

  hello(agent: string, hello: Hello): void {
    for (const tapId of hello.tapIds) this.#reconcile(agent, tapId);
    for (const run of this.#running.values()) {
      for (const tap of run.capture.taps) if (tap.agent === agent) this.#forgotten(run, tap, hello);
      if (concerns(run, agent)) this.#notify(run);
    }
  }

  tapState(agent: string, message: TapState): void {
    const run = this.#taps.get(message.tapId);
    const tap = run?.capture.taps.find(({ id }) => id === message.tapId);
    const phase = phaseOf(message);
    if (run === undefined || tap === undefined || tap.agent !== agent || phase === null) {
      this.#in.logger.warn(
        { agent, tap: message.tapId, state: message.state },
        'tap state that fits nothing: ignored',
      );
      return;
    }
    this.#in.logger.info({ capture: run.capture.id, tap: tap.id, agent, state: phase.state }, 'tap');
    this.#apply(run, { type: 'tap', tapId: tap.id, phase, nowNs: this.#in.clock.nowNs() });
  }

  progress(agent: string, taps: readonly TapProgress[]): void {
    for (const progress of taps) {
      const run = this.#taps.get(progress.tapId);
      if (
        run === undefined ||
        !run.capture.taps.some((tap) => tap.id === progress.tapId && tap.agent === agent)
      )
        continue;
      run.progress.set(progress.tapId, progress);
      this.#notify(run);
    }
  }

  offline(agent: string): void {
    this.#in.logger.warn({ agent }, 'agent offline');
    for (const run of this.#running.values()) {
      if (!concerns(run, agent)) continue;
      this.#apply(run, { type: 'offline', agent, nowNs: this.#in.clock.nowNs() });
      this.#notify(run);
    }
  }

  // What ingest asks and says.

  find(tapId: string): { capture: Capture; tap: Tap } | null {
    const run = this.#taps.get(tapId);
    const tap = run?.capture.taps.find(({ id }) => id === tapId);
    return run === undefined || tap === undefined ? null : { capture: run.capture, tap };
  }

  async committed(tapId: string, batch: Batch, packets: bigint): Promise<void> {
    const run = this.#taps.get(tapId);
    const tap = run?.capture.taps.find(({ id }) => id === tapId);
    if (run === undefined || tap === undefined) return;
    await this.#live(run)?.feed(tap.role, batch);
    const nowNs = this.#in.clock.nowNs();
    const drained = isLast(batch, packets);
    this.#apply(run, drained ? { type: 'drained', tapId, nowNs } : { type: 'progress', nowNs });
  }

  // Steps and their consequences.

  #apply(run: Running, event: CaptureEvent): void {
    if (this.#closed) return;
    const before = run.capture;
    const { capture, commands } = step(before, event);
    if (capture === before && commands.length === 0) return;
    run.capture = capture;
    if (capture.phase.state !== before.phase.state) this.#enter(run);
    if (capture.phase !== before.phase) this.#setDeadline(run);
    run.work = run.work.then(async () => await this.#carryOut(run, commands));
    this.#notify(run);
  }

  async #carryOut(run: Running, commands: readonly Command[]): Promise<void> {
    await this.#save(run.capture);
    for (const command of commands) {
      if (command.do === 'finish') await this.#finish(run);
      else if (command.do === 'arm') this.#arm(run, command.tap);
      else this.#send(command.tap, command);
    }
  }

  #enter(run: Running): void {
    const { id, phase } = run.capture;
    this.#in.logger.info(
      { capture: id, state: phase.state, ...('reason' in phase && { reason: phase.reason }) },
      'capture',
    );
    if (phase.state === 'arming' || phase.state === 'armed') return;
    run.digestKey = null;
    this.#measureClocks(run);
    if (phase.state === 'recording') this.#goLive(run);
  }

  #measureClocks(run: Running): void {
    const [client, server] = run.capture.taps.map(({ agent }) => this.#in.fleet.view(agent)?.clock ?? null);
    run.capture = { ...run.capture, prior: widenPrior(run.capture.prior, priorOf(client, server)) };
  }

  #arm(run: Running, tap: Tap): void {
    if (run.digestKey === null) return;
    const value = armMessage(run.capture, tap, run.digestKey, this.#in.endpoint, 0n);
    if (!this.#in.fleet.send(tap.agent, { $case: 'arm', value })) this.offline(tap.agent);
  }

  #send(tap: Tap, command: Extract<Command, { do: 'start' | 'stop' }>): void {
    const { leadOutMs, discard } = command.do === 'stop' ? command : { leadOutMs: 0, discard: false };
    // An agent that is offline hears it when it is back: see #reconcile.
    this.#in.fleet.send(
      tap.agent,
      command.do === 'start'
        ? { $case: 'start', value: { tapId: tap.id } }
        : { $case: 'stop', value: { tapId: tap.id, leadOutMs, discard } },
    );
  }

  /** Computes and stores the report. One that fails is logged and computed again when it is asked for. */
  async #finish(run: Running): Promise<void> {
    const { capture } = run;
    try {
      const live = run.live ?? this.#goLive(run);
      const { json, report } = await live.finish(capture);
      run.capture = { ...run.capture, headline: report.headline };
      await this.#in.store.saveReport(capture.id, json);
      await this.#in.store.saveCapture(run.capture);
    } catch (error) {
      this.#in.logger.error({ capture: capture.id, error: toBothendsError(error).message }, 'report failed');
    }
    run.live = null;
    this.#notify(run);
  }

  async #save(capture: Capture): Promise<void> {
    try {
      await this.#in.store.saveCapture(capture);
    } catch (error) {
      // The capture goes on in memory; a full disk must not leave taps running.
      this.#in.logger.error(
        { capture: capture.id, error: toBothendsError(error).message },
        'capture not saved',
      );
    }
  }

  #goLive(run: Running): LiveCapture {
    const { capture } = run;
    const { store, clock, logger } = this.#in;
    run.live = new LiveCapture(capture, this.#in.analyst.analyse(capture), store, clock, {
      findings: (headline, findings) => {
        run.findings = findings;
        run.capture = { ...run.capture, headline };
        for (const watcher of run.watchers) watcher.findings(findings);
      },
      reached: () =>
        this.#apply(run, { type: 'stop', by: `--until ${capture.request.until}`, nowNs: clock.nowNs() }),
      failed: (reason) => logger.error({ capture: capture.id, reason }, 'analysis failed'),
    });
    return run.live;
  }

  /** Evidence that comes before "recording" is there for the refeed; after the end it is only stored. */
  #live(run: Running): LiveCapture | null {
    return isOver(run.capture.phase) ? null : run.live;
  }

  #setDeadline(run: Running): void {
    run.cancelDeadline?.();
    run.cancelDeadline = null;
    const { phase } = run.capture;
    if (!('deadlineNs' in phase)) return;
    const ms = Number((phase.deadlineNs - this.#in.clock.nowNs()) / NS_PER_MS) + 1;
    run.cancelDeadline = this.#in.clock.after(Math.max(ms, 0), () => {
      this.#apply(run, { type: 'deadline', nowNs: this.#in.clock.nowNs() });
    });
  }

  /** An agent is back and owns this tap: tell it what it missed. */
  #reconcile(agent: string, tapId: string): void {
    const found = this.find(tapId);
    const leadOut = { $case: 'stop', value: { tapId, leadOutMs: LEAD_OUT_MS, discard: false } } as const;
    const discard = { $case: 'stop', value: { tapId, leadOutMs: 0, discard: true } } as const;
    if (found === null || found.tap.agent !== agent || found.capture.phase.state === 'failed') {
      this.#in.fleet.send(agent, discard);
    } else if (found.capture.phase.state === 'draining' || isOver(found.capture.phase)) {
      this.#in.fleet.send(agent, leadOut);
    }
  }

  /** An agent is back and no longer owns a tap that it should have: it was restarted without its spool. */
  #forgotten(run: Running, tap: Tap, hello: Hello): void {
    if (hello.tapIds.includes(tap.id) || isOver(run.capture.phase) || run.capture.phase.state === 'requested')
      return;
    if (tap.phase.state === 'complete' || tap.phase.state === 'failed' || tap.phase.state === 'refused')
      return;
    this.#apply(run, {
      type: 'tap',
      tapId: tap.id,
      nowNs: this.#in.clock.nowNs(),
      phase: {
        state: 'failed',
        code: 'data-loss',
        reason: `the agent of ${tap.agent} was restarted and lost its tap`,
      },
    });
  }

  #notify(run: Running): void {
    for (const watcher of run.watchers) watcher.changed();
  }

  #find(idOrName: string): Running {
    const { id } = findCapture(idOrName, this.list());
    const run = this.#running.get(id);
    if (run === undefined) throw new BothendsError('internal', `capture ${id} is listed but not known`);
    return run;
  }

  #add(capture: Capture): Running {
    const run = running(capture);
    this.#running.set(capture.id, run);
    for (const tap of capture.taps) this.#taps.set(tap.id, run);
    return run;
  }

  #remove(run: Running): void {
    run.cancelDeadline?.();
    run.live?.abandon();
    this.#running.delete(run.capture.id);
    for (const tap of run.capture.taps) this.#taps.delete(tap.id);
  }
}

/** True for the batch with which a closed tap has delivered, or declared as dropped, all that it took. */
function isLast({ coverage }: Batch, packets: bigint): boolean {
  if (coverage === undefined || coverage.closedNs === 0n) return false;
  return packets + coverage.agentDrops >= coverage.packets;
}

function concerns(run: Running, agent: string): boolean {
  return !isOver(run.capture.phase) && run.capture.taps.some((tap) => tap.agent === agent);
}
