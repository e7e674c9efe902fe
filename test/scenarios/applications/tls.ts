import { clientHello } from '../../truth/messages.js';
import type { Pair, Stage } from '../stage.js';

/** The server name that the device on the path does not like. */
export const BLOCKED_NAME = 'blocked.example';

const asText = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** A ClientHello as the text that an endpoint sends: every byte is below 0x80, so that UTF-8 leaves it alone. */
export function hello(name: string): string {
  return asText(clientHello(name, new Uint8Array(32).fill(0x55)));
}

/** A connection whose client opens with a ClientHello and whose server sends `answer` to it. */
export function tlsPair(stage: Stage, name: string, answer: Uint8Array): Promise<Pair> {
  const opening = hello(name);
  return stage.pair(
    [{ do: 'send', text: opening }, { do: 'drain' }],
    [
      { do: 'receive', bytes: opening.length },
      { do: 'send', text: asText(answer) },
      { do: 'end' },
      { do: 'drain' },
    ],
  );
}
