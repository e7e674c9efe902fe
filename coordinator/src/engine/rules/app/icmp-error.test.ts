import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const ROUTER = '192.0.2.1';
const SERVER = '10.0.1.2';

function datagram(at: number, columns: Told['columns'] = {}): Told {
  return { at, from: 'client', columns: { payloadLength: 80, ipId: 77, ...columns } };
}

/** An ICMP error about the datagram, to the client. */
function error(
  at: number,
  from: string,
  seenBy: 'both' | 'client',
  columns: NonNullable<Told['columns']>,
): Told {
  return {
    at,
    from: 'server',
    seenBy,
    tuple: { protocol: 1, server: from },
    columns: { quotedIpId: 77, ...columns },
  };
}

function findingsOf(...packets: Told[]): Finding[] {
  const udp = { protocol: 17, serverPort: 6000 };
  const control = handshake(0, { protocol: 6, clientPort: 41_000, serverPort: 80 });
  return new TwoEnds(udp).say(...control, ...packets).report().findings;
}

test('port unreachable from the host itself names the host', () => {
  const [finding] = findingsOf(datagram(20), error(26, SERVER, 'both', { icmpType: 3, icmpCode: 3 }));
  expect(finding).toMatchObject({
    code: 'icmp-error',
    sender: 'server',
    blame: 'server-host',
    grade: 'proven',
  });
  expect(finding?.attributes).toMatchObject({ from: SERVER, type: 3, code: 3, name: 'port unreachable' });
});

test('a router that filters is named by its address', () => {
  const [finding] = findingsOf(
    { ...datagram(20), seenBy: 'client' },
    error(24, ROUTER, 'client', { icmpType: 3, icmpCode: 13 }),
  ).filter((f) => f.code === 'icmp-error');
  expect(finding).toMatchObject({ sender: 'path', blame: 'path', grade: 'strong' });
  expect(finding?.statement).toContain(ROUTER);
  expect(finding?.statement).toContain('administratively prohibited');
});

test('traceroute draws its errors on purpose', () => {
  const findings = findingsOf(
    { ...datagram(20, { ttl: 2 }), seenBy: 'client' },
    error(24, ROUTER, 'client', { icmpType: 11, icmpCode: 0 }),
  );
  expect(findings.map((f) => f.code)).not.toContain('icmp-error');
});

test('a redirect is no error about delivery', () => {
  const findings = findingsOf(datagram(20), error(24, ROUTER, 'client', { icmpType: 5, icmpCode: 1 }));
  expect(findings.map((f) => f.code)).not.toContain('icmp-error');
});

test('a router that says so of a packet which arrived is not believed', () => {
  const [finding] = findingsOf(datagram(20), error(24, ROUTER, 'client', { icmpType: 3, icmpCode: 1 }));
  expect(finding).toMatchObject({ code: 'icmp-error', grade: 'inconclusive', blame: 'unknown' });
  expect(finding?.statement).toContain('reached the server all the same');
});
