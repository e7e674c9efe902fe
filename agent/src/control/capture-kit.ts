import { BothendsError } from '@bothends/proto';
import type { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import { widenFilter } from '../capture/filter.js';
import { compileFilter, linkTypeOf } from '../capture/filter-compile.js';
import { chooseBackEnd } from '../capture/registry.js';
import type { CaptureSource } from '../capture/source.js';

/** Back ends and filters, as a tap needs them to arm. */
export interface CaptureKit {
  /** The back end of this name, the default for ''. Throws `not-found` or `failed-precondition`. */
  source(name: string): Promise<CaptureSource>;
  /** What the tap will run for `text`, the user's filter as the policy leaves it. Throws `invalid-argument` with the compiler's own message. */
  filter(
    source: CaptureSource,
    text: string,
    arm: Arm,
    localAddresses: readonly string[],
  ): Promise<TapFilter>;
}

export interface TapFilter {
  readonly text: string;
  /** Instructions of the compiled program, 0 when nothing here can compile it. */
  readonly length: number;
}

/** What this host has. */
export const hostKit: CaptureKit = { source: chooseLiveSource, filter: tapFilter };

/** Files of this host are none of the coordinator's business, so their back end cannot be asked for by name. */
async function chooseLiveSource(name: string): Promise<CaptureSource> {
  const source = await chooseBackEnd(name);
  if (source.name !== 'pcapfile') return source;
  throw new BothendsError(
    'permission-denied',
    'an agent captures live and reads no files: use packet-mmap, tcpdump or cap',
  );
}

/** The user's filter is compiled alone first, so that a message about it shows what the user wrote, before policy. */
async function tapFilter(
  source: CaptureSource,
  text: string,
  arm: Arm,
  localAddresses: readonly string[],
): Promise<TapFilter> {
  const linkType = linkTypeOf(arm.interface);
  try {
    await compileFilter(arm.filter, linkType);
    const wide = await widenFilter(text, {
      localAddresses,
      peerAddresses: arm.peerAddresses,
      coordinatorAddresses: arm.coordinatorAddresses,
      coordinatorPort: arm.coordinatorPort,
      markerPort: arm.markerPort,
      linkType,
    });
    return { text: wide, length: (await compileFilter(wide, linkType)).length };
  } catch (error) {
    // Filters are compiled by tcpdump; a back end that does without it compiles the user's own when it opens.
    const missing = error instanceof BothendsError && error.code === 'failed-precondition';
    if (missing && source.name !== 'tcpdump') return { text, length: 0 };
    throw error;
  }
}
