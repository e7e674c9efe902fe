import { ascii, type Bytes, fill, u16, u32 } from './build.js';

/** What applications say, as bytes. */

const u24 = (n: number): Bytes => [(n >>> 16) & 255, (n >>> 8) & 255, n & 255];

/** A ClientHello with a server name extension behind another one (RFC 8446 4.1.2, RFC 6066 3). */
export function clientHello(serverName: string): Bytes {
  const name = ascii(serverName);
  const serverNameExtension = [
    ...u16(0),
    ...u16(name.length + 5),
    ...u16(name.length + 3),
    0,
    ...u16(name.length),
    ...name,
  ];
  const groups = [...u16(10), ...u16(4), ...u16(2), ...u16(29)];
  const extensions = [...groups, ...serverNameExtension];
  const hello = [
    ...u16(0x0303),
    ...fill(32),
    0,
    ...u16(2),
    ...u16(0x1301),
    1,
    0,
    ...u16(extensions.length),
    ...extensions,
  ];
  return tlsRecord(22, [1, ...u24(hello.length), ...hello]);
}

export const tlsRecord = (type: number, fragment: Bytes): Bytes => [
  type,
  3,
  3,
  ...u16(fragment.length),
  ...fragment,
];

/** A DNS query or answer with one question (RFC 1035). */
export function dnsMessage(id: number, flags: number, name: string, type: number): Bytes {
  const labels = name.split('.').flatMap((label) => [label.length, ...ascii(label)]);
  return [...u16(id), ...u16(flags), ...u16(1), ...u16(0), ...u32(0), ...labels, 0, ...u16(type), ...u16(1)];
}

export const httpResponse: Bytes = ascii(
  'HTTP/1.1 503 Service Unavailable\r\nServer: x\r\nCONTENT-LENGTH: 1234\r\n\r\nbusy',
);
export const httpRequest: Bytes = ascii('POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 17\r\n\r\n');
