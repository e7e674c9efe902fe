import { BothendsError, podText } from '@bothends/proto';
import type { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import type { CaptureSource } from '../capture/source.js';
import { tcpdumpThrough } from '../capture/tcpdump/source.js';
import type { OpenPod, PodsOfNode } from '../pods/node.js';
import type { CaptureKit } from './capture-kit.js';
import type { Host } from './host.js';
import type { SendDatagram } from './marker.js';

/** Where a tap is opened: what can be seen and sent from there. */
export interface Place {
  readonly host: Host;
  readonly kit: CaptureKit;
  readonly sendDatagram: SendDatagram;
}

/**
 * The place that `arm` asks for: the host itself, or the network of a pod on it.
 * @throws BothendsError as `PodsOfNode.open`
 */
export async function placeOf({ pod }: Arm, own: Place, pods: PodsOfNode): Promise<Place> {
  if (pod === undefined) return own;
  const open = await pods.open(pod);
  return {
    host: hostOf(open, own.host),
    kit: kitOf(open, own.kit),
    sendDatagram: (address, port, payload) => open.broker.sendDatagram(open.pod, address, port, payload),
  };
}

/** As it was when the tap was armed: a pod's interfaces live as long as it does. */
function hostOf({ pod, network }: OpenPod, node: Host): Host {
  return {
    ...node,
    hostname: pod.name,
    interfaces: () => [...network.interfaces],
    facts: () => ({ ...node.facts(), networkNamespace: network.namespace }),
    limits: () => [],
    survey: async () => {},
  };
}

function kitOf({ pod, network, broker }: OpenPod, node: CaptureKit): CaptureKit {
  const inside = tcpdumpThrough(broker.launcher(pod));
  const present = ['any', ...network.interfaces.map(({ name }) => name)];
  const source: CaptureSource = {
    ...inside,
    open: async (options) => {
      if (present.includes(options.interface)) return await inside.open(options);
      throw new BothendsError(
        'not-found',
        `there is no interface "${options.interface}" in ${podText(pod)}: it has ${present.join(', ')}`,
      );
    },
  };
  return {
    filter: node.filter,
    source: async (name) => {
      if (name === '' || name === source.name) return source;
      throw new BothendsError('failed-precondition', `in a pod only tcpdump captures, not ${name}`);
    },
  };
}
