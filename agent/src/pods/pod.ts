import type { PodReference } from '@bothends/proto';

/** A pod that runs on this node. */
export interface Pod extends PodReference {
  /** What Kubernetes calls it for good; a name may be given again. */
  readonly uid: string;
}

/** The network of a pod: the file of its namespace as this process reaches it, or why there is none. */
export type NetworkPlace =
  | { readonly kind: 'namespace'; readonly file: string }
  /** It shares that of its node (hostNetwork). */
  | { readonly kind: 'of-node' }
  | { readonly kind: 'ended' };

/** Where a pod was found, and how its network is entered. */
export interface PodRecord extends Pod {
  readonly network: () => Promise<NetworkPlace>;
}

/** One place that knows which pods run on a node. */
export interface PodSource {
  /** For messages: what was looked at. */
  readonly name: string;
  /** Null where this node does not have it, or this process may not read it. */
  readonly pods: () => Promise<PodRecord[] | null>;
}
