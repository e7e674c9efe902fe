import { Random } from '../../truth/random.js';
import { applyEdit, type Edit } from './edit.js';
import { forgeResets } from './forge.js';
import { addressesOf, type Frame, flagsOf, isTcpFrame, lengthOf, parseFrame, portsOf } from './frame.js';
import { Matcher } from './match.js';
import type { BoxAction, BoxEvent, BoxRule, BoxRules, IdleAction, ResetAction, Toward } from './rules.js';
import { StateTable } from './state.js';

/** A frame to put on a wire, `delayMs` from now. */
export interface Emission {
  readonly frame: Uint8Array;
  readonly toward: Toward;
  readonly delayMs: number;
}

/** What rules said about a packet so far. */
interface Fate {
  readonly emissions: Emission[];
  /** False once a rule has taken the packet away. */
  passes: boolean;
  delayMs: number;
}

interface ArmedRule {
  readonly rule: BoxRule;
  readonly matcher: Matcher;
  readonly table: StateTable | null;
}

const RST = 4;

/** The box without its wires: takes frames, says what to send. Pure but for its own state; time is a parameter. */
export class Box {
  readonly counts: Record<string, number> = {};
  forwarded = 0;
  private readonly rules: readonly ArmedRule[];
  private readonly tell: (event: BoxEvent) => void;

  constructor(rules: BoxRules, tell: (event: BoxEvent) => void) {
    this.tell = tell;
    const random = new Random(rules.seed ?? 1);
    this.rules = rules.rules.map((rule) => {
      this.counts[rule.name] = 0;
      const table = rule.action.do === 'forget' ? new StateTable(rule.action.idleMs) : null;
      return { rule, matcher: new Matcher(rule.match ?? {}, random.fork()), table };
    });
  }

  /** Decides about one frame, which it may change in place. What is not IP passes. */
  take(bytes: Uint8Array, toward: Toward, nowMs: number): Emission[] {
    const frame = parseFrame(bytes);
    const fate: Fate = { emissions: [], passes: true, delayMs: 0 };
    if (frame) this.judge(frame, toward, nowMs, fate);
    if (fate.passes) {
      this.forwarded++;
      fate.emissions.unshift({ frame: bytes, toward, delayMs: fate.delayMs });
    }
    return fate.emissions;
  }

  /** RSTs of conversations that have just expired; ask now and then. */
  expire(nowMs: number): Emission[] {
    return this.rules.flatMap(({ rule, table }) => {
      const { action } = rule;
      if (!table || action.do !== 'forget' || action.meets !== 'reset-both') return [];
      return table.expired(nowMs).flatMap((latest) => {
        return latest.flatMap(({ frame, toward }) => {
          this.count(rule, 'reset at expiry', frame);
          return forgeResets(frame, toward, expiryReset(action, [toward])).map((reset) => ({
            ...reset,
            delayMs: 0,
          }));
        });
      });
    });
  }

  private judge(frame: Frame, toward: Toward, nowMs: number, fate: Fate): void {
    const conversation = conversationOf(frame);
    for (const armed of this.rules) {
      if (!fate.passes) return;
      if (!armed.matcher.takes(frame, toward, conversation)) continue;
      if (armed.table) this.lookUp(armed, frame, toward, { nowMs, conversation }, fate);
      else this.act(armed.rule, frame, toward, fate);
    }
  }

  private act(rule: BoxRule, frame: Frame, toward: Toward, fate: Fate): void {
    const { action } = rule;
    switch (action.do) {
      case 'drop':
        fate.passes = false;
        break;
      case 'delay':
        fate.delayMs += action.ms;
        break;
      case 'duplicate':
        fate.emissions.push({ frame: frame.bytes.slice(), toward, delayMs: action.ms });
        break;
      case 'reset':
        if (!isTcpFrame(frame)) return;
        this.reset(action, frame, toward, fate);
        break;
      default:
        if (!isEdit(action) || !applyEdit(frame, toward, action)) return;
    }
    this.count(rule, action.do, frame);
  }

  private reset(action: ResetAction, frame: Frame, toward: Toward, fate: Fate): void {
    for (const reset of forgeResets(frame, toward, action)) fate.emissions.push({ ...reset, delayMs: 0 });
    if (action.trigger === 'drop') fate.passes = false;
  }

  private lookUp(
    { rule, table }: ArmedRule,
    frame: Frame,
    toward: Toward,
    { nowMs, conversation }: { nowMs: number; conversation: string },
    fate: Fate,
  ): void {
    const { action } = rule;
    if (!table || action.do !== 'forget' || !isTcpFrame(frame)) return;
    if (table.passes(conversation, frame, toward, nowMs)) return;
    fate.passes = false;
    this.count(rule, action.meets === 'reset-sender' ? 'reset the sender' : 'drop', frame);
    if (action.meets !== 'reset-sender' || flagsOf(frame) & RST) return;
    const back: Toward = toward === 'toward-server' ? 'toward-client' : 'toward-server';
    for (const reset of forgeResets(frame, toward, expiryReset(action, [back])))
      fate.emissions.push({ ...reset, delayMs: 0 });
  }

  private count(rule: BoxRule, did: string, frame: Frame): void {
    this.counts[rule.name]++;
    const packet = `${portsOf(frame).join(' > ')} flags ${flagsOf(frame)} length ${lengthOf(frame)}`;
    this.tell({ event: 'deed', rule: rule.name, did, packet });
  }
}

function isEdit(action: BoxAction): action is Edit {
  return !['drop', 'delay', 'duplicate', 'reset', 'forget'].includes(action.do);
}

function expiryReset({ ttl }: IdleAction, toward: readonly Toward[]): ResetAction {
  return { do: 'reset', toward, offsets: [0], ttl, acknowledges: true, trigger: 'drop' };
}

/** Both directions of a conversation have the same key. */
function conversationOf(frame: Frame): string {
  const [source, destination] = addressesOf(frame);
  const [from, to] = portsOf(frame);
  return [`${source} ${from}`, `${destination} ${to}`].sort().join(' ');
}
