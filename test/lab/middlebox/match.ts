import type { Random } from '../../truth/random.js';
import { type Frame, flagsOf, isTcpFrame, lengthOf, PROTOCOL, portsOf } from './frame.js';
import type { BoxMatch, Toward } from './rules.js';

const LETTERS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, '.': 16, U: 32, E: 64, W: 128 };
const PROTOCOLS: Readonly<Record<string, readonly number[]>> = {
  tcp: [PROTOCOL.tcp],
  udp: [PROTOCOL.udp],
  icmp: [PROTOCOL.icmp, PROTOCOL.icmp6],
};
/** TLS: a handshake record (22) that begins with a ClientHello (1). */
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;

/** Bits of tcpdump's flag letters. Throws RangeError for a letter that it does not print. */
export function flagBits(letters: string): number {
  return [...letters].reduce((bits, letter) => {
    const bit = LETTERS[letter];
    if (bit === undefined)
      throw new RangeError(`no TCP flag "${letter}"; there are ${Object.keys(LETTERS).join(' ')}`);
    return bits | bit;
  }, 0);
}

/** Bytes of TCP or UDP payload; ICMP has none in this sense. */
function payloadOf(frame: Frame): number {
  return frame.protocol === PROTOCOL.tcp || frame.protocol === PROTOCOL.udp ? frame.end - frame.payload : 0;
}

/** Decides whether a rule takes a packet; counts what matched for `nth`. */
export class Matcher {
  private readonly match: BoxMatch;
  private readonly random: Random;
  /** Matching packets so far, by conversation. */
  private readonly seen = new Map<string, number>();

  constructor(match: BoxMatch, random: Random) {
    this.match = match;
    this.random = random;
  }

  takes(frame: Frame, toward: Toward, conversation: string): boolean {
    if (!this.fits(frame, toward)) return false;
    const { nth, probability } = this.match;
    const number = (this.seen.get(conversation) ?? 0) + 1;
    this.seen.set(conversation, number);
    if (nth && (number < nth.from || number > (nth.to ?? Number.POSITIVE_INFINITY))) return false;
    return probability === undefined || this.random.chance(probability);
  }

  private fits(frame: Frame, toward: Toward): boolean {
    const { match } = this;
    if (match.toward && match.toward !== toward) return false;
    if (match.protocol && !PROTOCOLS[match.protocol].includes(frame.protocol)) return false;
    if (match.port !== undefined && !portsOf(frame).includes(match.port)) return false;
    if (match.longerThan !== undefined && lengthOf(frame) <= match.longerThan) return false;
    if (match.payload !== undefined && payloadOf(frame) < match.payload) return false;
    return this.flagsFit(frame) && this.helloFits(frame);
  }

  private flagsFit(frame: Frame): boolean {
    const { flags, without } = this.match;
    if (flags === undefined && without === undefined) return true;
    const wanted = flagBits(flags ?? '');
    const set = flagsOf(frame);
    return isTcpFrame(frame) && (set & wanted) === wanted && (set & flagBits(without ?? '')) === 0;
  }

  private helloFits(frame: Frame): boolean {
    const { clientHello } = this.match;
    if (clientHello === undefined) return true;
    const { bytes, payload, end } = frame;
    const hello =
      isTcpFrame(frame) &&
      end - payload > 5 &&
      bytes[payload] === HANDSHAKE_RECORD &&
      bytes[payload + 5] === CLIENT_HELLO;
    return (
      hello &&
      (clientHello === true || Buffer.from(bytes.subarray(payload, end)).includes(clientHello, 0, 'latin1'))
    );
  }
}
