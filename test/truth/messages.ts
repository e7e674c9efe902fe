/** Application messages as bytes: just enough of TLS, HTTP and DNS for a decoder to recognise them. */

const text = (value: string) => Uint8Array.from(value, (letter) => letter.charCodeAt(0));

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const two = (value: number) => Uint8Array.of(value >> 8, value & 255);
const three = (value: number) => Uint8Array.of(value >> 16, (value >> 8) & 255, value & 255);

/** TLS record types and handshake types (RFC 8446). */
const TLS = { alert: 21, handshake: 22, application: 23, clientHello: 1, serverHello: 2 } as const;

function tlsRecord(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, 3, 3), two(body.length), body);
}

/** A ClientHello with a server name. `random`: 32 bytes. */
export function clientHello(name: string, random: Uint8Array): Uint8Array {
  const host = text(name);
  const entry = concat(Uint8Array.of(0), two(host.length), host);
  const list = concat(two(entry.length), entry);
  const extension = concat(two(0), two(list.length), list);
  const ciphers = concat(two(4), two(0x1301), two(0x1302));
  const body = concat(
    two(0x0303),
    random,
    Uint8Array.of(0),
    ciphers,
    Uint8Array.of(1, 0),
    two(extension.length),
    extension,
  );
  return tlsRecord(TLS.handshake, concat(Uint8Array.of(TLS.clientHello), three(body.length), body));
}

/** A ServerHello, then opaque records of `length` bytes as an encrypted handshake sends. */
export function serverHello(random: Uint8Array, opaque: Uint8Array): Uint8Array {
  const body = concat(two(0x0303), random, Uint8Array.of(0), two(0x1301), Uint8Array.of(0), two(0));
  const hello = tlsRecord(TLS.handshake, concat(Uint8Array.of(TLS.serverHello), three(body.length), body));
  return concat(hello, tlsRecord(TLS.application, opaque));
}

/** A fatal alert with the given description, 40 `handshake_failure` for example. */
export function tlsAlert(description: number): Uint8Array {
  return tlsRecord(TLS.alert, Uint8Array.of(2, description));
}

export function httpRequest(path: string): Uint8Array {
  return text(`GET ${path} HTTP/1.1\r\nHost: files.example\r\nAccept: */*\r\n\r\n`);
}

/** A response head that declares `length` bytes, and the body that follows it. */
export function httpResponse(length: number, body: Uint8Array): Uint8Array {
  return concat(
    text(`HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n`),
    body,
  );
}

/** Query types that people meet (RFC 1035, RFC 3596). */
export const DNS_TYPE = { a: 1, aaaa: 28 } as const;

function dnsMessage(
  id: number,
  flags: number,
  answers: number,
  question: Uint8Array,
  rest: Uint8Array,
): Uint8Array {
  return concat(two(id), two(flags), two(1), two(answers), two(0), two(0), question, rest);
}

function dnsQuestion(name: string, type: number): Uint8Array {
  const labels = name.split('.').map((label) => concat(Uint8Array.of(label.length), text(label)));
  return concat(...labels, Uint8Array.of(0), two(type), two(1));
}

export function dnsQuery(id: number, name: string, type: number): Uint8Array {
  return dnsMessage(id, 0x0100, 0, dnsQuestion(name, type), new Uint8Array(0));
}

/** An answer with one record of random data, or an error with none: `rcode` 2 SERVFAIL, 3 NXDOMAIN. */
export function dnsAnswer(id: number, name: string, type: number, rcode: number): Uint8Array {
  const size = type === DNS_TYPE.aaaa ? 16 : 4;
  const record = concat(
    two(0xc00c),
    two(type),
    two(1),
    Uint8Array.of(0, 0, 0, 60),
    two(size),
    new Uint8Array(size).fill(10),
  );
  const answers = rcode === 0 ? 1 : 0;
  return dnsMessage(
    id,
    0x8180 | rcode,
    answers,
    dnsQuestion(name, type),
    answers ? record : new Uint8Array(0),
  );
}
