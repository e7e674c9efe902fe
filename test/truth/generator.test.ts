import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Environment } from './environment.js';
import { KINDS } from './kinds/index.js';
import { generate, type Run } from './run.js';
import { NO_TAP_FAULT } from './sim/tap.js';

const tshark = spawnSync('tshark', ['--version']).status === 0;
const SKIPPED = tshark ? '' : 'SKIPPED (no tshark): ';
/** Length of a pcap file's header. */
const FILE_HEADER = 24;
/** Wireshark's guesses at random payload: not what is tested. */
const GUESSES = ['rtp_udp', 'rtcp_udp', 'stun_udp'];
const NAMES = KINDS.map((kind) => kind.name);

/** Taps that see exactly what is on the wire: no offload, nothing missed, nothing cut. */
const PLAIN: Partial<Environment> = {
  offloads: {
    client: { segmentation: false, receive: false },
    server: { segmentation: false, receive: false },
  },
  faults: { client: NO_TAP_FAULT, server: NO_TAP_FAULT },
  secondLook: { client: null, server: null },
  link: { client: 'ethernet', server: 'ethernet' },
  resolution: 'nanoseconds',
  snaplen: { client: 65_535, server: 65_535 },
};

function plainRun(name: string): Run {
  return generate(
    1,
    KINDS.filter((kind) => kind.name === name),
    PLAIN,
  );
}

/** Both captures of all runs as one file: their headers are alike, so that one will do. */
function joined(runs: readonly Run[]): Uint8Array {
  const files = runs.flatMap(({ captures }) => [captures.client, captures.server]);
  return Buffer.concat([
    files[0].subarray(0, FILE_HEADER),
    ...files.map((file) => file.subarray(FILE_HEADER)),
  ]);
}

function readByTshark(capture: Uint8Array, filter: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-truth-'));
  try {
    const path = join(folder, 'one.pcap');
    writeFileSync(path, capture);
    const checks = ['tcp', 'udp', 'ip'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
    // Both ends' captures are one file here: streams cannot be put together.
    const apart = ['-o', 'tcp.desegment_tcp_streams:FALSE'];
    const unguessed = GUESSES.flatMap((name) => ['--disable-heuristic', name]);
    const argv = ['-n', '-r', path, ...unguessed, ...checks, ...apart, '-Y', filter];
    const { stdout, stderr, status } = spawnSync('tshark', argv, { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (status !== 0) throw new Error(stderr);
    return stdout.split('\n').filter((line) => line !== '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the truth generator', () => {
  it('gives the same bytes for the same seed, and others for another', () => {
    for (const seed of [1, 99, 4_294_967_295]) {
      expect(generate(seed).captures).toEqual(generate(seed).captures);
      expect(generate(seed).captures).not.toEqual(generate(seed + 1).captures);
    }
  });

  it('can tell every story: each kind produces what it expects to be found', { timeout: 120_000 }, () => {
    const silent = NAMES.filter((name) => {
      const only = KINDS.filter((kind) => kind.name === name);
      const runs = Array.from({ length: 20 }, (_, seed) => generate(seed, only));
      return runs.every((run) => run.expectations.length === 0);
    });
    expect(silent.filter((name) => !name.includes('healthy') && !name.includes('missed'))).toEqual([]);
  });

  it.skipIf(!tshark)(
    `${SKIPPED}writes packets that Wireshark finds nothing wrong with`,
    () => {
      // Of a segment that an ICMP error quotes in part it takes the checksum for that of the part.
      const broken =
        '_ws.malformed || ip.checksum.status==0 || (tcp.checksum.status==0 && !icmp && !icmpv6) || udp.checksum.status==0';
      const sound = NAMES.filter((name) => name !== 'corrupted' && !name.startsWith('several'));
      const runs = sound.map(plainRun);
      expect(readByTshark(joined(runs), 'tcp || udp || icmp || icmpv6').length).toBeGreaterThan(2_000);
      expect(readByTshark(joined(runs), broken)).toEqual([]);
    },
    60_000,
  );

  it.skipIf(!tshark)(`${SKIPPED}plays healthy conversations that Wireshark calls healthy`, () => {
    const trouble =
      'tcp.analysis.lost_segment || tcp.analysis.retransmission || tcp.analysis.out_of_order || tcp.flags.reset==1';
    for (const name of ['healthy-bulk', 'tls-healthy', 'http-healthy']) {
      const { captures, seed } = plainRun(name);
      const strangers = '!(ip.addr==203.0.113.5 || ipv6.addr==2001:db8::5)';
      expect(readByTshark(captures.server, `(${trouble}) && ${strangers}`), `${name}, seed ${seed}`).toEqual(
        [],
      );
    }
  });
});
