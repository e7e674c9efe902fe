import { APPLICATION_KINDS } from './applications.js';
import { DATAGRAM_KINDS } from './datagrams.js';
import { ENDURANCE_KINDS } from './endurance.js';
import { HANDSHAKE_KINDS } from './handshake.js';
import { IDLE_KINDS } from './idle.js';
import type { Kind } from './kind.js';
import { MIDSTREAM_KINDS } from './midstream.js';
import { PROXY_KINDS } from './proxies.js';
import { RESET_KINDS } from './resets.js';
import { SEVERAL_KINDS } from './several.js';
import { TRANSFER_KINDS } from './transfer.js';
import { TRAP_KINDS } from './traps.js';

/** Every story that the generator can tell. */
export const KINDS: readonly Kind[] = [
  ...TRANSFER_KINDS,
  ...HANDSHAKE_KINDS,
  ...RESET_KINDS,
  ...TRAP_KINDS,
  ...IDLE_KINDS,
  ...APPLICATION_KINDS,
  ...DATAGRAM_KINDS,
  ...PROXY_KINDS,
  ...ENDURANCE_KINDS,
  ...MIDSTREAM_KINDS,
  ...SEVERAL_KINDS,
];
