import { isIP } from 'node:net';
import { isPod } from '@bothends/proto';
import { at, textAt } from './json.js';
import type { Pod } from './pod.js';
import { type CaptureWish, type Numbered, type Request, SIGNALS } from './protocol.js';

/** A marker is some 40 bytes; nothing else is sent from a pod. */
const MAX_DATAGRAM_HEX = 512;

/**
 * The request in a message of the agent; null for anything else. The agent parses what strangers sent over the network,
 * so the broker believes nothing that it says.
 */
export function requestOf(message: unknown): Numbered | null {
  const number = at(message, 'number');
  const request = readRequest(at(message, 'request'));
  return isCount(number) && request !== null ? { number, request } : null;
}

function readRequest(request: unknown): Request | null {
  switch (at(request, 'ask')) {
    case 'pods':
      return { ask: 'pods' };
    case 'network': {
      const pod = podOf(request);
      return pod && { ask: 'network', pod };
    }
    case 'capture':
      return readCapture(request);
    case 'signal': {
      const capture = at(request, 'capture');
      const signal = SIGNALS.find((known) => known === at(request, 'signal'));
      return isCount(capture) && signal !== undefined ? { ask: 'signal', capture, signal } : null;
    }
    case 'datagram':
      return readDatagram(request);
    default:
      return null;
  }
}

function readCapture(request: unknown): Request | null {
  const [pod, wish] = [podOf(request), wishOf(at(request, 'wish'))];
  const [capture, output] = [at(request, 'capture'), at(request, 'output')];
  if (pod === null || wish === null || !isCount(capture) || !isCount(output)) return null;
  return { ask: 'capture', pod, wish, capture, output };
}

function readDatagram(request: unknown): Request | null {
  const [address, payload, port] = [
    textAt(request, 'address'),
    textAt(request, 'payload'),
    at(request, 'port'),
  ];
  const pod = podOf(request);
  const valid = isIP(address) !== 0 && /^[0-9a-f]+$/.test(payload) && payload.length <= MAX_DATAGRAM_HEX;
  if (pod === null || !valid || !isCount(port) || port > 65_535) return null;
  return { ask: 'datagram', pod, address, port, payload };
}

function podOf(request: unknown): Pod | null {
  const text = (key: string) => textAt(request, 'pod', key);
  const pod = { namespace: text('namespace'), name: text('name'), uid: text('uid') };
  return isPod(pod) ? pod : null;
}

function wishOf(wish: unknown): CaptureWish | null {
  const [snaplen, bufferBytes] = [at(wish, 'snaplen'), at(wish, 'bufferBytes')];
  if (!isCount(snaplen) || !isCount(bufferBytes)) return null;
  return { interface: textAt(wish, 'interface'), filter: textAt(wish, 'filter'), snaplen, bufferBytes };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
