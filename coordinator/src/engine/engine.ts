import type { PacketTable, PathHistory, Report } from '@bothends/proto';
import { auditTaps } from './facts/audit.js';
import { type CaptureFacts, FlowFacts } from './facts/flow-facts.js';
import { Orientation } from './facts/orientation.js';
import { findProxied } from './facts/proxies.js';
import { Services } from './facts/services.js';
import { Totals } from './facts/totals.js';
import { Witness } from './facts/witness.js';
import * as Row from './flows/rows.js';
import { weakest } from './grade.js';
import { Intake } from './intake/intake.js';
import type { TrainAddon } from './match/train.js';
import { arbitrate } from './report/arbitrate.js';
import { Fold } from './report/fold.js';
import { pathHistory } from './report/history.js';
import { Listing } from './report/listing.js';
import { buildReport, type Judgement } from './report/report.js';
import type { Draft, FaultKind } from './rules/draft.js';
import { foregone } from './rules/foregone.js';
import { CAPTURE_RULES, FLOW_RULES } from './rules/index.js';
import { isUneventful } from './rules/uneventful.js';
import { newTap, relative, type Tap } from './taps.js';
import type { ClockPrior, EngineLike, EngineOptions, TapCoverage, TapDescription } from './types.js';

const NONE: readonly Draft[] = [];

/**
 * By flow number, what the rows alone tell of what the rules will find: nothing (null) or one fault; undefined
 * where they do not tell.
 */
type Foreseen = (FaultKind | null | undefined)[];

/**
 * Turns what two taps saw into a report. Pure and deterministic: the same packets and coverage give the same
 * report, whenever and wherever it is computed.
 */
export class Engine implements EngineLike {
  protected readonly intake: Intake;
  private readonly options: EngineOptions;
  private readonly taps: Tap[] = [];
  private clockPrior: ClockPrior | null = null;

  /** @param trains the add-on that takes trains of segments; without it the results are the same, only slower */
  constructor(options: EngineOptions, trains: TrainAddon | null = null) {
    this.options = options;
    this.intake = new Intake(trains);
  }

  addTap(tap: TapDescription): number {
    const index = this.taps.length;
    if (index > 1) throw new RangeError('an engine compares exactly two taps');
    this.taps.push(newTap(index as 0 | 1, tap));
    return index;
  }

  push(tap: number, table: PacketTable): void {
    if (table.length > 0) this.intake.push(this.tap(tap), table);
  }

  named(tap: number, table: PacketTable, row: number, name: string): void {
    this.intake.named(this.tap(tap), table, row, name);
  }

  cover(tap: number, coverage: TapCoverage): void {
    this.tap(tap).coverage = coverage;
  }

  prior(prior: ClockPrior): void {
    this.clockPrior = prior;
  }

  finish(tap: number): void {
    this.tap(tap).finished = true;
  }

  report(): Report {
    const listing = new Listing();
    const foreseen: Foreseen = [];
    const { capture, flows } = this.facts((flow) => {
      const kind = foregone(flow);
      if (kind === null && !isUneventful(flow)) return;
      foreseen[flow.flow] = kind;
      listing.preview(flow);
    });
    return buildReport(this.options, capture, flows, this.judge(capture, flows, foreseen, listing));
  }

  history(): PathHistory {
    const { capture, flows } = this.facts();
    return pathHistory(capture, flows);
  }

  /** What the packets say. `look` gets each flow while its rows are at hand, in no particular order. */
  protected facts(look: (flow: FlowFacts) => void = () => {}): {
    capture: CaptureFacts;
    flows: FlowFacts[];
  } {
    const taps = [this.tap(0), this.tap(1)] as const;
    for (const tap of taps) if (tap.coverage?.openedNs != null) relative(tap, tap.coverage.openedNs);
    this.applyPrior(taps);
    this.intake.names.join((flow) => this.intake.joiner.resolve(flow));
    const orientation = new Orientation(this.intake, taps);
    auditTaps(this.intake, taps, orientation);
    const capture: CaptureFacts = {
      intake: this.intake,
      taps,
      orientation,
      witness: new Witness(taps, this.intake.timeline, this.options.vouchComplete),
      vouchComplete: this.options.vouchComplete,
      clientTap: 0,
      port: this.options.port,
      proxied: findProxied(this.intake, orientation),
      services: new Services(),
      totals: new Totals(),
      strayAttempts: [0, 0],
    };
    const flows = this.flowsOf(capture, look);
    capture.clientTap = clientTapOf(capture, flows);
    return { capture, flows };
  }

  /** Asks the rules about each flow, except where their answer is foreseen and was told of others often enough. */
  private judge(
    capture: CaptureFacts,
    flows: readonly FlowFacts[],
    foreseen: Foreseen,
    listing: Listing,
  ): Judgement {
    const { peeks } = this.intake.store;
    const drafts: Draft[] = [];
    const fold = new Fold();
    const proxied = legsOf(capture);
    for (const flow of flows) {
      peeks.pinned = flow.flow;
      const kind = foreseen[flow.flow];
      // Each leg of a proxy is seen by one tap only: rules that compare the two ends of it would accuse falsely.
      const isClear = kind === null || proxied.has(flow.flow);
      const known = isClear ? NONE : kind && fold.passOver(flow, kind);
      const own = known || found(flow);
      listing.add(flow, own);
      flow.forgetPackets();
      if (!known) drafts.push(...fold.take(flow, own));
    }
    peeks.pinned = -1;
    fold.finish();
    for (const rule of CAPTURE_RULES) drafts.push(...rule(capture, flows));
    return { drafts: arbitrate(drafts), standIns: (flow) => fold.standIns(flow), listing };
  }

  private flowsOf(capture: CaptureFacts, look: (flow: FlowFacts) => void): FlowFacts[] {
    const { store, joiner } = this.intake;
    const flows: FlowFacts[] = [];
    const ids = new Map<number, number>();
    const proxied = legsOf(capture);
    for (let flow = 0; flow < store.table.count; flow++) {
      if (joiner.resolve(flow) !== flow || joiner.isShadow(flow)) continue;
      const facts = new FlowFacts(capture, flow);
      if (facts.seenAt(0) + facts.seenAt(1) === 0) continue;
      if (facts.belongs === 'no' && !proxied.has(flow)) {
        if (isUnansweredAttempt(facts)) capture.strayAttempts[facts.clientTap]++;
        continue;
      }
      facts.giveId(ids);
      look(facts);
      flows.push(facts);
    }
    return flows.sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  }

  private applyPrior(taps: readonly [Tap, Tap]): void {
    const prior = this.clockPrior;
    if (!prior) return;
    const server = taps[0].description.role === 'server' ? 0 : 1;
    const bases = (taps[1].baseNs ?? 0n) - (taps[0].baseNs ?? 0n);
    const offset = server === 1 ? prior.offsetNs : -prior.offsetNs;
    const middle = Number(offset - bases);
    this.intake.timeline.setPrior({ lower: middle - prior.errorNs, upper: middle + prior.errorNs });
  }

  private tap(index: number): Tap {
    const tap = this.taps[index];
    if (!tap) throw new RangeError(`no tap ${index}: add both taps first`);
    return tap;
  }
}

/** A SYN that the client's tap saw, and nothing that came back. */
function isUnansweredAttempt(flow: FlowFacts): boolean {
  if (flow.protocol !== 'tcp' || flow.sent('toward-server', Row.SYN_OPTIONS) < 0) return false;
  return flow.received('toward-client', Row.PACKETS) === 0;
}

/** Connections that end, or begin, at a proxy between the taps. */
function legsOf(capture: CaptureFacts): ReadonlySet<number> {
  return new Set(capture.proxied.flatMap((pair) => [pair.clientSide, pair.serverSide]));
}

/** All that the rules find about a flow. */
function found(flow: FlowFacts): Draft[] {
  const drafts = FLOW_RULES.flatMap((rule) => rule(flow));
  for (const d of drafts) if (flow.belongs === 'unknown') weaken(d, flow);
  return drafts;
}

/** A flow of which one tap saw nothing, and nothing tells whether it should have. */
function weaken(d: Draft, flow: FlowFacts): void {
  d.grade = weakest(d.grade, d.code.endsWith('-forged') ? 'possible' : 'likely');
  const far = flow.capture.taps[flow.seenAt(0) > 0 ? 1 : 0];
  d.assumptions.push({
    text: `${far.description.name} was taken where this flow had to pass`,
    checked: false,
  });
}

/** The tap at the end that most flows, by packets, were opened from; the operator's word where no flow tells. */
function clientTapOf(capture: CaptureFacts, flows: readonly FlowFacts[]): 0 | 1 {
  const { taps } = capture;
  if (taps[0].description.role !== null) return taps[0].description.role === 'client' ? 0 : 1;
  let balance = 0;
  for (const flow of flows) balance += (flow.clientTap === 0 ? 1 : -1) * (flow.seenAt(0) + flow.seenAt(1));
  return balance < 0 ? 1 : 0;
}
