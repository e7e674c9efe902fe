import { randomBytes } from 'node:crypto';
import { BothendsError, type End, type PathHistory } from '@bothends/proto';
import type { Hello, TapProgress } from '@bothends/proto/gen/bothends/v1/agent';
import type { StartCaptureRequest } from '@bothends/proto/gen/bothends/v1/bothends';
import { AgentEvents } from './agent-events.js';
import { reachableAddresses } from './arm.js';
import { CaptureBook, type CaptureWatcher } from './book.js';
import { type Capture, type CaptureRequest, isOver, needsApproval, type Tap } from './capture.js';
import { Driver, type DriverInput } from './driver.js';
import { drainedTaps } from './evidence-end.js';
import { checkCaptureName, defaultName, newCaptureId } from './ids.js';
import { findPlaces, type Place } from './places/places.js';
import { checkRequest } from './request.js';

/** Bytes of the key of a capture's digests. */
const DIGEST_KEY_BYTES = 16;

/** All captures, as operators see and move them. */
export class Captures {
  /** Where the fleet and ingest report to. */
  readonly events: AgentEvents;
  readonly #in: DriverInput;
  readonly #book = new CaptureBook();
  readonly #driver: Driver;

  constructor(input: DriverInput) {
    this.#in = input;
    this.#driver = new Driver(input);
    this.events = new AgentEvents(this.#book, this.#driver, input.logger);
  }

  /** Loads what an earlier run left, and goes on with what was not over. */
  async resume(): Promise<void> {
    const { store } = this.#in;
    for (const capture of await store.captures()) {
      const entry = this.#book.add(capture);
      // Nothing has been sent to any host yet, so that any key will do.
      if (capture.phase.state === 'asking') entry.digestKey = randomBytes(DIGEST_KEY_BYTES);
      this.#driver.resume(entry, await drainedTaps(capture, store));
    }
  }

  /**
   * Starts a capture over two agents; arming goes on after this returns.
   * @param consents false where somebody else acts in that name: asking is then no consent, even of an owner
   * @throws BothendsError `invalid-argument`, `not-found`, `unavailable`, `already-exists`
   */
  async start(request: StartCaptureRequest, requestedBy: string, consents = true): Promise<Capture> {
    const checked = checkRequest(request, requestedBy);
    const places = await findPlaces(checked, this.#in.fleet);
    // Nothing is waited for between the choice of a name and its being taken.
    const entry = this.#book.add(this.#newCapture(request.name, checked, places, consents));
    entry.digestKey = randomBytes(DIGEST_KEY_BYTES);
    try {
      await this.#in.store.saveCapture(entry.capture);
    } catch (error) {
      this.#book.remove(entry);
      throw error;
    }
    const { id } = entry.capture;
    const { client, server } = checked;
    this.#in.logger.info({ capture: id, by: requestedBy, client, server }, 'capture requested');
    this.#driver.apply(entry, { type: 'begin' });
    return entry.capture;
  }

  /**
   * Stops a capture; one that is over already stays as it is. Resolves when a restart would not forget it.
   * @throws BothendsError `not-found`
   */
  async stop(idOrName: string, by: string): Promise<void> {
    const entry = this.#book.find(idOrName);
    this.#driver.apply(entry, { type: 'stop', by });
    await entry.saved;
  }

  /**
   * An owner consents to a capture of their hosts. Resolves when a restart would not forget it.
   * @returns the hosts that this approved for
   * @throws BothendsError `not-found`, `failed-precondition` when nothing waits, `permission-denied` for no owner
   */
  async approve(idOrName: string, by: string): Promise<string[]> {
    const entry = this.#book.find(idOrName);
    const { id, taps, phase } = entry.capture;
    const waiting = phase.state === 'asking' ? taps.filter(needsApproval) : [];
    if (waiting.length === 0) {
      throw new BothendsError(
        'failed-precondition',
        `${id} does not wait for anybody's approval (${phase.state})`,
      );
    }
    const approved = waiting.filter(({ owners }) => owners?.includes(by)).map(({ agent }) => agent);
    if (approved.length === 0) {
      const asked = waiting.map(({ agent, owners = [] }) => `${agent} waits for ${owners.join(' or ')}`);
      throw new BothendsError(
        'permission-denied',
        `${by} owns none of the hosts that ${id} waits for: ${asked.join('; ')}`,
      );
    }
    this.#driver.apply(entry, { type: 'approve', by });
    await entry.saved;
    return approved;
  }

  /** Deletes a capture with its evidence. @throws BothendsError `not-found`, `failed-precondition` while it runs */
  async delete(idOrName: string): Promise<Capture> {
    const entry = this.#book.find(idOrName);
    const { capture } = entry;
    if (!isOver(capture.phase)) {
      const { id } = capture;
      throw new BothendsError('failed-precondition', `${id} is still running: "bothends stop ${id}" first`);
    }
    await entry.work;
    await this.#in.store.deleteCapture(capture.id);
    this.#driver.release(entry);
    this.#book.remove(entry);
    // What its agents may still hold goes too.
    for (const tap of capture.taps) this.#driver.stopTap(tap.agent, tap.id, 0, true);
    this.#in.logger.info({ capture: capture.id }, 'capture deleted');
    return capture;
  }

  list(): Capture[] {
    return this.#book.captures();
  }

  /** @throws BothendsError `not-found` with near names */
  get(idOrName: string): Capture {
    return this.#book.find(idOrName).capture;
  }

  /** What the tap's agent counted last, null before its first heartbeat since we started. */
  progressOf(tapId: string): TapProgress | null {
    return this.#book.findTap(tapId)?.entry.progress.get(tapId) ?? null;
  }

  /** Tells a watcher of every change until the returned function is called. @throws BothendsError `not-found` */
  watch(idOrName: string, watcher: CaptureWatcher): () => void {
    const entry = this.#book.find(idOrName);
    entry.watchers.add(watcher);
    if (entry.findings.length > 0) watcher.findings(entry.findings);
    return () => entry.watchers.delete(watcher);
  }

  /** True between the end of a capture and its report. */
  isFinishing(id: string): boolean {
    const { live, capture } = this.#book.find(id);
    return live !== null && isOver(capture.phase);
  }

  /** The report now, of a live capture; null for one whose report is in the store or must be computed. */
  async liveReport(id: string): Promise<string | null> {
    const entry = this.#book.find(id);
    if (isOver(entry.capture.phase)) await entry.work;
    return entry.live === null ? null : (await entry.live.report()).json;
  }

  /** What the path did so far, of a live capture; null for one of which it must be computed. */
  async liveHistory(id: string): Promise<PathHistory | null> {
    const entry = this.#book.find(id);
    if (isOver(entry.capture.phase)) await entry.work;
    return entry.live === null ? null : await entry.live.history();
  }

  /** Resolves when everything that was decided up to now has been done. */
  async settled(): Promise<void> {
    await Promise.all(this.#book.entries().map(({ work }) => work));
  }

  /** Lets go of everything as it is: captures go on at the agents, and here after the next start. */
  close(): void {
    this.#driver.close(this.#book.entries());
  }

  #newCapture(
    name: string,
    request: CaptureRequest,
    places: Readonly<Record<End, Place>>,
    consents: boolean,
  ): Capture {
    const { client, server, requestedBy } = request;
    const { fleet } = this.#in;
    const others = this.list();
    const id = newCaptureId();
    const tap = (role: End): Tap => {
      const { agent, pod, addresses } = places[role];
      const { hello } = fleet.require(agent);
      if (request.keepRaw && hello.knowsRaw !== true) throw keepsNoRaw(agent);
      const ofHost = () => hello.interfaces.flatMap((each) => each.addresses);
      return {
        id: `${id}-${role}`,
        agent,
        role,
        ...(pod && { pod }),
        addresses: reachableAddresses(addresses ?? ofHost()),
        ...(hello.signingKey && { signingKey: hello.signingKey.toString('base64') }),
        ...(hello.policyJson !== undefined && { policyJson: hello.policyJson }),
        ...consentOf(hello, consents ? requestedBy : null),
        phase: { state: 'requested' },
        drained: false,
      };
    };
    return {
      id,
      name: name === '' ? defaultName(client, server, others) : checkCaptureName(name, others),
      request,
      requestedNs: this.#in.clock.nowNs(),
      phase: { state: 'requested' },
      taps: [tap('client'), tap('server')],
      prior: null,
      headline: '',
      reported: false,
    };
  }
}

function keepsNoRaw(agent: string): BothendsError {
  return new BothendsError(
    'failed-precondition',
    `the agent of ${agent} is of a release that keeps no raw packets: upgrade it, or capture without --keep-raw`,
  );
}

/** Who has to approve on this host; an owner who asks has approved. */
function consentOf({ consentOwners }: Hello, asker: string | null): Pick<Tap, 'owners' | 'approvedBy'> {
  if (consentOwners.length === 0) return {};
  const owners = [...consentOwners];
  return asker !== null && owners.includes(asker) ? { owners, approvedBy: asker } : { owners };
}
