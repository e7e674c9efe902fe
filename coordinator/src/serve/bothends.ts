import { BothendsError } from '@bothends/proto';
import type { BothendsServer } from '@bothends/proto/gen/bothends/v1/bothends';
import { type Capture, extrasOf, subjectOf, tapName } from '../captures/capture.js';
import type { Rotation } from '../trust/rotation.js';
import type { LoginLinks } from '../web/sign-in/login-links.js';
import type { Audit } from './audit/audit.js';
import { audited as auditedBy } from './audit/audited.js';
import { authorityMethods } from './authorities.js';
import { requireCaller } from './guard/caller.js';
import { agentMessage, captureState, type StateSources } from './messages.js';
import { type PeopleInput, peopleMethods } from './people.js';
import type { RawExports } from './raw-exports.js';
import { reportJson, sendEvidence, sendFlow } from './reports.js';
import { type BundleSources, sendBundle } from './send-bundle.js';
import { serverStream } from './server-stream.js';
import { unary } from './unary.js';
import { watchCapture } from './watch.js';

export interface BothendsInput extends StateSources, BundleSources, PeopleInput {
  audit: Audit;
  /** Null where no page is served. */
  links: LoginLinks | null;
  rotation: Rotation;
  raw: RawExports;
}

/** What people and programs call: thin handlers over plain functions. */
export function bothendsService(input: BothendsInput): BothendsServer {
  const { captures, fleet } = input;
  const audited = auditedBy(input.audit);
  return {
    listAgents: unary(() => ({ agents: fleet.views().map(agentMessage) })),

    startCapture: unary(async (request, call) => {
      const subject = `${request.client} ${request.server}`;
      const capture = await audited(
        call,
        'capture',
        subject,
        async (by) => await captures.start(request, by),
        detailOf,
      );
      return { captureId: capture.id };
    }),

    watchCapture: serverStream(async (request, send, signal) => {
      await watchCapture(request.captureId, input, send, signal);
    }),

    stopCapture: unary(async (request, call) => {
      await audited(call, 'stop', request.captureId, (by) => captures.stop(request.captureId, by));
      return {};
    }),

    approveCapture: unary(async (request, call) => {
      const { captureId } = request;
      const agents = await audited(call, 'approve', subjectOf(captures.get(captureId)), (by) =>
        captures.approve(captureId, by),
      );
      return { agents };
    }),

    deleteCapture: unary(async (request, call) => {
      await audited(call, 'delete', request.captureId, async () => {
        const { taps } = await captures.delete(request.captureId);
        input.ingest.forget(taps.map(({ id }) => id));
      });
      return {};
    }),

    listCaptures: unary(async () => ({
      captures: await Promise.all(captures.list().map(async (capture) => await captureState(capture, input))),
    })),

    getReport: unary(async (request) => ({ reportJson: await reportJson(request.captureId, input) })),

    getFlow: serverStream(async (request, send) => {
      await sendFlow(request.captureId, request.flowId, input, send);
    }),

    exportEvidence: serverStream(async (request, send, _signal, call) => {
      await audited(call, 'export', request.captureId, async () => {
        await sendEvidence(request.captureId, input, send);
      });
    }),

    exportBundle: serverStream(async (request, send, _signal, call) => {
      await audited(call, 'export', request.captureId, async () => {
        await sendBundle(request, input, send);
      });
    }),

    exportRaw: serverStream(async (request, send, signal, call) => {
      const subject = `${request.captureId} ${request.tap}`;
      await audited(call, 'raw-export', subject, async (by) => {
        await input.raw.send(input.raw.tapOf(request), by, send, signal);
      });
    }),

    ...peopleMethods(input, audited),

    ...authorityMethods(input.rotation, audited),

    createLoginLink: unary(async (request, call) => {
      const caller = requireCaller(call);
      return await audited(call, 'login-link', request.role || caller.role, () => {
        if (input.links === null) throw noPage();
        return input.links.create(caller, request.role, request.path);
      });
    }),
  };
}

function noPage(): BothendsError {
  return new BothendsError(
    'failed-precondition',
    'this coordinator serves no page: start it with --web 0.0.0.0:7480',
  );
}

/** What is wanted beyond headers, and where its pods run: their names alone do not say whose node it is. */
function detailOf({ taps, request }: Capture): string {
  const pods = taps.filter(({ pod }) => pod !== undefined).map((tap) => `${tapName(tap)} on ${tap.agent}`);
  const extras = extrasOf(request);
  return [...(extras === '' ? [] : [`with ${extras}`]), ...pods].join(', ');
}
