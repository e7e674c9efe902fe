import { once } from 'node:events';
import type { AgentLinkClient } from '@bothends/proto/gen/bothends/v1/agent';
import type { RawAnswer } from '../raw/raw-export.js';

/**
 * Sends what a coordinator asked for of a host's raw packets, no faster than it takes them. Never rejects: a peer that goes
 * away in the middle is missed by whoever asked it.
 */
export async function sendRaw(client: AgentLinkClient, { head, pieces }: RawAnswer): Promise<void> {
  const call = client.sendRaw(() => {
    // The coordinator tells whoever asked how it went.
  });
  const gone = new AbortController();
  call.on('error', () => gone.abort());
  call.on('close', () => gone.abort());
  const send = async (message: Parameters<typeof call.write>[0]) => {
    if (!call.write(message)) await once(call, 'drain', { signal: gone.signal });
    gone.signal.throwIfAborted();
  };
  try {
    await send({ message: { $case: 'head', value: head } });
    for (const data of pieces) await send({ message: { $case: 'data', value: data } });
    call.end();
  } catch {
    call.cancel();
  }
}
