/** Long enough for a filter to compile, a tap to open and a marker to make its round on a busy host. */
export const ARM_MS = 10_000;
/** From "start" to "recording": the taps are open already, but a host that is busy may take seconds for its answer. */
export const START_MS = 10_000;
/** How long owners may take to be reached and look; nobody captures meanwhile. */
export const CONSENT_MS = 30 * 60_000;
/** How long a packet may be late on the path before it counts as lost: beyond a retransmission time-out. */
export const LEAD_OUT_MS = 1_500;
/** Silence after which a draining tap is given up; each batch that arrives begins it anew. */
export const DRAIN_MS = 10_000;
/** However much still arrives, the report is written after this; a spool of gigabytes takes minutes on a slow line. */
export const GIVE_UP_MS = 10 * 60_000;
/**
 * What agents get to find a coordinator that was restarted: the longest pause between two of their attempts is 15 s. An
 * armed tap that nobody starts lives 30 s, so that it is still there.
 */
export const RETURN_MS = 20_000;
