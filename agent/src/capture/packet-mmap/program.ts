import { BothendsError } from '@bothends/proto';

/** One instruction of a classic BPF program (linux/filter.h). */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  /** Unsigned 32 bits. */
  readonly k: number;
}

/** `struct sock_filter`: code (16 bits), two jumps, k (32 bits). */
const INSTRUCTION_BYTES = 8;

/** Instruction classes and modes of addressing. */
const CLASS = 0x07;
const MODE = 0xe0;
const LD = 0x00;
const LDX = 0x01;
const RET_K = 0x06;
const ABS = 0x20;
const IND = 0x40;
const MSH = 0xa0;

/** Offsets from here on are no bytes of the packet but facts that the kernel knows of it (SKF_AD_OFF, -0x1000). */
const ANCILLARY = 0xfffff000;
const ANCILLARY_PROTOCOL = ANCILLARY;
const ANCILLARY_PACKET_TYPE = ANCILLARY + 4;
const ANCILLARY_IFINDEX = ANCILLARY + 8;

/** Version 2 of the Linux cooked header, which libpcap puts before packets of the `any` device. */
export const COOKED_BYTES = 20;
const COOKED_PROTOCOL = 0;
const COOKED_IFINDEX = 4;
const COOKED_PACKET_TYPE = 10;

/** Refuses every packet. */
export const NOTHING: readonly Instruction[] = [{ code: RET_K, jt: 0, jf: 0, k: 0 }];

/** Reads what `tcpdump -ddd` prints: the number of instructions, then four numbers each. Throws `internal`. */
export function parseProgram(text: string): Instruction[] {
  const [count, ...lines] = text.trim().split('\n');
  const program = lines.map((line) => {
    const [code = Number.NaN, jt = 0, jf = 0, k = 0] = line.split(' ').map(Number);
    return { code, jt, jf, k };
  });
  const whole = program.length === Number(count) && program.every(({ code }) => Number.isInteger(code));
  if (whole && program.length > 0) return program;
  throw new BothendsError(
    'internal',
    `tcpdump -ddd printed no program: ${JSON.stringify(text.slice(0, 80))}`,
  );
}

/** The program, which keeps at most `snaplen` bytes of each packet that it takes. */
export function keeping(program: readonly Instruction[], snaplen: number): Instruction[] {
  return program.map((each) => (each.code === RET_K && each.k > snaplen ? { ...each, k: snaplen } : each));
}

/**
 * A program made for cooked packets as it must be for a datagram socket, where packets begin at their network header:
 * loads from behind the cooked header move up, loads from within become what the kernel knows. `null` where it knows no
 * such thing (the sender's address): then no program in the kernel can do the same.
 */
export function forDatagrams(program: readonly Instruction[]): Instruction[] | null {
  const moved = program.map((instruction) => {
    if (loadsPacket(instruction)) return move(instruction);
    // What a packet is cut to counts the header as well.
    if (instruction.code === RET_K && instruction.k > COOKED_BYTES)
      return { ...instruction, k: instruction.k - COOKED_BYTES };
    return instruction;
  });
  return moved.includes(null) ? null : (moved as Instruction[]);
}

function loadsPacket({ code }: Instruction): boolean {
  const kind = code & CLASS;
  const mode = code & MODE;
  return (kind === LD || kind === LDX) && (mode === ABS || mode === IND || mode === MSH);
}

function move(load: Instruction): Instruction | null {
  const { k } = load;
  if (k >= ANCILLARY) return load;
  if (k >= COOKED_BYTES) return { ...load, k: k - COOKED_BYTES };
  if (k === COOKED_PROTOCOL) return { ...load, k: ANCILLARY_PROTOCOL };
  if (k === COOKED_IFINDEX) return { ...load, k: ANCILLARY_IFINDEX };
  return k === COOKED_PACKET_TYPE ? { ...load, k: ANCILLARY_PACKET_TYPE } : null;
}

/** As the kernel takes it, in this machine's byte order. */
export function toBytes(program: readonly Instruction[]): Uint8Array {
  const bytes = new ArrayBuffer(program.length * INSTRUCTION_BYTES);
  const [halves, octets, words] = [new Uint16Array(bytes), new Uint8Array(bytes), new Uint32Array(bytes)];
  program.forEach(({ code, jt, jf, k }, i) => {
    halves[i * 4] = code;
    octets[i * 8 + 2] = jt;
    octets[i * 8 + 3] = jf;
    words[i * 2 + 1] = k;
  });
  return octets;
}
