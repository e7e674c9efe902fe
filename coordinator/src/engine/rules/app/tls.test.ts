import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const HELLO = 200;

const hello: Told = {
  at: 20,
  from: 'client',
  columns: {
    tcpFlags: 0x18,
    sequence: 1001,
    acknowledgment: 5001,
    payloadLength: HELLO,
    tlsRecord: 22,
    tlsHandshake: 1,
  },
};
const flight: Told = {
  at: 30,
  from: 'server',
  columns: {
    tcpFlags: 0x18,
    sequence: 5001,
    acknowledgment: 1001 + HELLO,
    payloadLength: 1200,
    tlsRecord: 22,
    tlsHandshake: 2,
  },
};

function client(at: number, length: number, extra: Told['columns'] = {}): Told {
  const columns = {
    tcpFlags: 0x18,
    sequence: 1001 + HELLO,
    acknowledgment: 6201,
    payloadLength: length,
    ...extra,
  };
  return { at, from: 'client', columns };
}

function fin(at: number, sequence: number): Told {
  return { at, from: 'client', columns: { tcpFlags: 0x11, sequence, acknowledgment: 6201 } };
}

function findingsOf(...packets: Told[]): Finding[] {
  return new TwoEnds().say(...handshake(), ...packets).report().findings;
}

const codes = (findings: Finding[]) => findings.map((f) => f.code);

test('a readable fatal alert names who ended TLS and why', () => {
  const alert = client(45, 7, { tlsRecord: 21, tlsAlertLevel: 2, tlsAlert: 48 });
  const [finding] = findingsOf(hello, flight, alert, fin(46, 1001 + HELLO + 7));
  expect(finding).toMatchObject({ code: 'tls-alert', sender: 'client', grade: 'proven' });
  expect(finding?.attributes).toMatchObject({ level: 'fatal', alert: 48, name: 'unknown_ca' });
  expect(finding?.statement).toContain('does not accept the server');
});

test('close_notify is the ordinary end of a session', () => {
  const goodbye = client(45, 7, { tlsRecord: 21, tlsAlertLevel: 1, tlsAlert: 0 });
  expect(codes(findingsOf(hello, flight, goodbye, fin(46, 1001 + HELLO + 7)))).not.toContain('tls-alert');
});

test('a client that sends 30 bytes where its Finished belongs and closes sent an encrypted alert', () => {
  const [finding] = findingsOf(hello, flight, client(45, 30, { tlsRecord: 20 }), fin(46, 1001 + HELLO + 30));
  expect(finding).toMatchObject({ code: 'tls-alert', sender: 'client', grade: 'likely' });
  expect(finding?.attributes.encrypted).toBe(true);
});

test('a client that goes on after its Finished sent no alert', () => {
  const findings = findingsOf(hello, flight, client(45, 80, { tlsRecord: 20 }), fin(60, 1001 + HELLO + 80));
  expect(codes(findings)).not.toContain('tls-alert');
});

test('a RST in answer to the ClientHello that the server never sent is a filter’s', () => {
  const rst = { tcpFlags: 0x14, sequence: 5001, acknowledgment: 1001 + HELLO, window: 0, ttl: 63 };
  const findings = findingsOf(
    { ...hello, seenBy: 'client' },
    { at: 22, from: 'server', seenBy: 'client', columns: rst },
  );
  const finding = findings.find((f) => f.code === 'tls-hello-reset');
  expect(finding).toMatchObject({ blame: 'path', sender: 'path' });
  expect(finding?.attributes.inline).toBe(true);
});

test('a server that reads the ClientHello and aborts is no filter', () => {
  const rst = { tcpFlags: 0x14, sequence: 5001, acknowledgment: 1001 + HELLO };
  const findings = findingsOf(hello, { at: 26, from: 'server', columns: rst });
  expect(codes(findings)).toEqual(['rst-genuine']);
});

test.each([
  { agreed: true, said: 'version and cipher were agreed on' },
  { agreed: false, said: 'no protocol version or cipher that both accept' },
])('handshake_failure with a ServerHello before it ($agreed): $said', ({ agreed, said }) => {
  const alert: Told = {
    at: 60,
    from: 'server',
    columns: {
      tcpFlags: 0x18,
      sequence: agreed ? 6201 : 5001,
      acknowledgment: 1001 + HELLO,
      payloadLength: 7,
      tlsRecord: 21,
      tlsAlertLevel: 2,
      tlsAlert: 40,
    },
  };
  const [finding] = findingsOf(...(agreed ? [hello, flight, alert] : [hello, alert]));
  expect(finding).toMatchObject({ code: 'tls-alert', sender: 'server' });
  expect(finding?.statement).toContain(said);
});
