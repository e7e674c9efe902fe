import { BothendsError } from '@bothends/proto';
import {
  type AgentLinkServer,
  AgentLinkService,
  type ControlRequest,
  type ControlResponse,
} from '@bothends/proto/gen/bothends/v1/agent';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Fleet, Link } from '../fleet/fleet.js';
import type { Ingest } from '../ingest/ingest.js';
import type { Clock } from '../time.js';
import type { Agents } from '../trust/agents.js';
import type { Authority } from '../trust/authority.js';
import type { CallerCheck, RefusalListener } from './guard/authorise.js';
import { requireCaller } from './guard/caller.js';
import type { RawExports, SendRawCall } from './raw-exports.js';
import { ShipStream } from './ship-stream.js';
import { statusError } from './status.js';
import { unary } from './unary.js';

export interface AgentLinkInput {
  fleet: Fleet;
  ingest: Ingest;
  clock: Clock;
  agents: Agents;
  authority: Authority;
  raw: RawExports;
  logger: Logger;
  /** Asked again for every batch: a stream may outlive the certificate that opened it. */
  check: CallerCheck;
  /** Told of agents that are cut off in the middle of a stream. */
  refused: RefusalListener;
}

/** An agent says hello at once; a peer that holds a stream open in silence is cut. */
const HELLO_MS = 10_000;

/** What agents call: control, evidence, raw packets. */
export function agentLinkService(input: AgentLinkInput): AgentLinkServer {
  return {
    control: (call) => control(call, input),
    ship: (call) => {
      void new ShipStream(call, requireCaller(call), input).run();
    },
    sendRaw: (call, callback) => {
      void sendRaw(call, input.raw).then(
        () => callback(null, {}),
        (error) => callback(statusError(error)),
      );
    },
    renewAgent: unary(async ({ csr, takesAuthorities }, call) => ({
      certificatePem: await input.agents.renew(requireCaller(call).name, csr, takesAuthorities),
      caPem: input.authority.caPem,
    })),
  };
}

async function sendRaw(call: SendRawCall, raw: RawExports): Promise<void> {
  await raw.take(requireCaller(call).name, call);
}

type ControlCall = ServerDuplexStream<ControlRequest, ControlResponse>;

function control(call: ControlCall, { fleet, clock, logger, refused }: AgentLinkInput): void {
  const name = requireCaller(call).name;
  const link = linkOf(call);
  const refuse = (reason: string) => {
    logger.warn({ agent: name, peer: link.peer, reason }, 'agent refused');
    refused({ path: AgentLinkService.control.path, peer: link.peer, name, reason });
  };
  const cancelHello = clock.after(HELLO_MS, () => {
    const reason = `${name} opened a control stream and said nothing`;
    refuse(reason);
    link.cut(new BothendsError('invalid-argument', reason));
  });
  call.on('data', (request: ControlRequest) => {
    // Read the clock first: t2 of the exchange is when the heartbeat came.
    const receivedNs = clock.nowNs();
    try {
      if (request.message?.$case === 'hello') cancelHello();
      take(name, link, request, receivedNs, fleet);
    } catch (error) {
      refuse(statusError(error).details);
      call.emit('error', statusError(error));
    }
  });
  const over = () => {
    cancelHello();
    fleet.disconnect(name, link);
  };
  call.on('end', () => {
    over();
    call.end();
  });
  call.on('cancelled', over);
  call.on('error', over);
  call.on('close', over);
}

function take(name: string, link: Link, { message }: ControlRequest, receivedNs: bigint, fleet: Fleet): void {
  switch (message?.$case) {
    case 'hello':
      fleet.connect(name, message.value, link);
      break;
    case 'heartbeat':
      fleet.heartbeat(name, link, message.value, receivedNs);
      break;
    case 'tapState':
      fleet.tapState(name, link, message.value);
      break;
    case 'podsFound':
      fleet.podsFound(name, link, message.value);
      break;
    case undefined:
      // A message of a later protocol that this one has no name for.
      break;
  }
}

function linkOf(call: ControlCall): Link {
  return {
    peer: call.getPeer(),
    send: (message) => {
      if (!call.destroyed && !call.cancelled) call.write(message);
    },
    cut: (error) => {
      call.emit('error', statusError(error));
    },
  };
}
