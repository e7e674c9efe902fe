import { BothendsError, type End, isPod, type PodReference, parsePod, podText } from '@bothends/proto';
import type { PodName } from '@bothends/proto/gen/bothends/v1/agent';
import type { Fleet } from '../../fleet/fleet.js';
import type { CaptureRequest, Pod } from '../capture.js';
import { podAmbiguous, podUnknown } from './place-errors.js';

/** Where one tap of a capture is opened. */
export interface Place {
  readonly agent: string;
  /** Present: in the network of this pod on the agent's node. */
  readonly pod?: Pod;
  /** Where others reach the pod; absent: as the agent says of its host. */
  readonly addresses?: readonly string[];
}

/** A pod has a handful; a longer list is no pod's. */
const MAX_ADDRESSES = 64;

/**
 * The places of both ends.
 * @throws BothendsError `invalid-argument` when they are one pod, named in two ways; and as `findPlace`
 */
export async function findPlaces(
  { client, server }: Pick<CaptureRequest, End>,
  fleet: Fleet,
): Promise<Record<End, Place>> {
  const places = { client: await findPlace(client, fleet), server: await findPlace(server, fleet) };
  const pods = [places.client.pod, places.server.pod].flatMap((pod) =>
    pod === undefined ? [] : [podText(pod)],
  );
  if (pods.length === 2 && pods[0] === pods[1])
    throw new BothendsError('invalid-argument', `${pods[0]} cannot be both ends: name two pods`);
  return places;
}

/**
 * The place that a host's name or `pod/…` means.
 * @throws BothendsError `not-found`, `permission-denied`, `failed-precondition` with what was seen on which node
 */
export async function findPlace(text: string, fleet: Fleet): Promise<Place> {
  const wanted = parsePod(text);
  if (wanted === null) return { agent: text };
  const online = fleet.views().filter((view) => view.online);
  const able = online.filter(({ hello }) => hello?.knowsPods).map(({ name }) => name);
  const answers = await fleet.findPod(able, wanted);
  const found = [...answers].flatMap(([agent, { pods }]) =>
    pods.flatMap(({ pod, addresses }) => (fits(wanted, pod) ? [{ agent, pod, addresses }] : [])),
  );
  const [only, ...others] = found;
  if (only === undefined)
    throw podUnknown(
      wanted,
      answers,
      able,
      online.map(({ name }) => name),
    );
  if (others.length > 0) throw podAmbiguous(wanted, found);
  const { agent, pod, addresses } = only;
  return { agent, pod, addresses: addresses.slice(0, MAX_ADDRESSES) };
}

/** What an agent answers is its word, and not looked at by others: it may answer only what was asked. */
function fits(wanted: PodReference, pod: PodName | undefined): pod is PodName {
  if (pod === undefined || !isPod(pod) || pod.name !== wanted.name) return false;
  return wanted.namespace === '' || pod.namespace === wanted.namespace;
}
