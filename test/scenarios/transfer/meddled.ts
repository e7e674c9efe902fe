import type { VerdictCode } from '@bothends/proto';
import type { BoxAction, BoxMatch, Toward } from '../../lab/middlebox/rules.js';
import { boxed } from '../networks.js';
import type { Expected, Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { download, upload } from './transfer.js';

/** A bulk transfer that the box does one thing to, now and then. */
export interface Meddling {
  readonly code: VerdictCode;
  /** Name of the scenarios; by default the code. */
  readonly name?: string;
  /** What the box does, for the title. */
  readonly title: string;
  readonly action: BoxAction;
  readonly match: Omit<BoxMatch, 'toward'>;
  /** True when what is meddled with flows against the bulk, as ACKs do. */
  readonly againstBulk?: true;
  readonly bytes?: number;
  readonly expected: Pick<Expected, 'min' | 'max'>;
  readonly also?: readonly VerdictCode[];
  readonly port: number;
}

/** The scenario in both directions: toward the client over IPv4, toward the server over IPv6. */
export function meddled(meddling: Meddling): readonly [towardClient: Scenario, towardServer: Scenario] {
  return [
    inDirection(meddling, 'toward-client', 4, 'link'),
    inDirection(meddling, 'toward-server', 6, 'any'),
  ];
}

function inDirection(meddling: Meddling, toward: Toward, family: 4 | 6, tap: 'any' | 'link'): Scenario {
  const {
    code,
    name = code,
    title,
    action,
    match,
    againstBulk = false,
    bytes,
    expected,
    also = [],
    port,
  } = meddling;
  const transfer = (toward === 'toward-client') === againstBulk ? upload : download;
  return {
    name: `${name}-${toward}`,
    title: `the box ${title}, ${toward.replace('-', ' the ')}`,
    network: boxed,
    family,
    port,
    tap,
    async play(stage) {
      const box = await stage.box({ name: 'meddle', match: { ...match, toward }, action });
      await transfer(stage, bytes);
      const { meddle = 0 } = await box.stop();
      certain(meddle > 0, 'the box must have done something');
      return { packetsMeddledWith: meddle };
    },
    expected: [{ code, direction: toward, ...expected }],
    also,
  };
}
