import { certain, type Stage } from '../stage.js';

/** Bytes of the transfers in scenarios: a hundred packets or so, so that captures stay small. */
export const BULK_BYTES = 120_000;
const REQUEST_BYTES = 150;

/** A small request and a large answer, to the end. */
export async function download(stage: Stage, bytes = BULK_BYTES): Promise<void> {
  const { client, server } = await stage.pair(
    [
      { do: 'send', bytes: REQUEST_BYTES },
      { do: 'receive', bytes },
    ],
    [{ do: 'receive', bytes: REQUEST_BYTES }, { do: 'send', bytes }, { do: 'drain' }],
  );
  await client.waitFor('received', { timeoutMs: TRANSFER_LIMIT_MS });
  await server.waitFor('closed');
  certain(!client.said('reset'), 'the transfer must end well');
}

/** A large request and a small answer, to the end. */
export async function upload(stage: Stage, bytes = BULK_BYTES): Promise<void> {
  const { client, server } = await stage.pair(
    [
      { do: 'send', bytes },
      { do: 'receive', bytes: REQUEST_BYTES },
    ],
    [{ do: 'receive', bytes }, { do: 'send', bytes: REQUEST_BYTES }, { do: 'drain' }],
  );
  await client.waitFor('received', { timeoutMs: TRANSFER_LIMIT_MS });
  await server.waitFor('closed');
  certain(!client.said('reset'), 'the transfer must end well');
}

/** A lossy transfer waits for retransmission timers. */
const TRANSFER_LIMIT_MS = 120_000;
