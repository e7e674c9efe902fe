import { toBothendsError } from '@bothends/proto';
import type { JoinServer } from '@bothends/proto/gen/bothends/v1/agent';
import type { Store } from '../store/store.js';
import type { Clock } from '../time.js';
import type { Authority } from '../trust/authority.js';
import type { IssuedCertificate } from '../trust/ca.js';
import { enrol } from '../trust/enrol.js';
import { printable } from '../trust/names.js';
import type { Audit } from './audit/audit.js';
import { unary } from './unary.js';

export interface JoinInput {
  authority: Authority;
  store: Store;
  clock: Clock;
  audit: Audit;
  /** An agent has a new certificate, its older ones are void. */
  enrolled: (name: string, certificate: IssuedCertificate) => void;
}

/** What a host without a certificate calls: it shows a token and gets one. */
export function joinService({ authority, store, clock, audit, enrolled }: JoinInput): JoinServer {
  return {
    enrol: unary(async (request, call) => {
      const from = `from ${call.getPeer()}`;
      try {
        const { issued, caPem } = await enrol(request, authority, store, clock.nowNs());
        enrolled(request.name, issued);
        await audit.record(request.name, 'enrol', request.name, 'done', from);
        return { certificatePem: issued.certificatePem, caPem };
      } catch (error) {
        const reason = toBothendsError(error).message;
        await audit.record('', 'enrol', printable(request.name), 'refused', `${from}: ${reason}`);
        throw error;
      }
    }),
  };
}
