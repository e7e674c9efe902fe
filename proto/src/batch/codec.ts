import { BothendsError } from '../errors/error.js';
import type { PacketTable } from '../packet/table.js';
import { PLAN, PLAN_BEFORE_3, type Plan } from './plan.js';

/** Version of the column coding, in a batch's `codec`. Raise it when decoders of the old one would misread. */
export const BATCH_CODEC = 3;
/** The coding of tables without digests of payload prefixes, that of the first release. */
export const WHOLE_DIGESTS_CODEC = 1;

/** What versions differ in; evidence of each is read for good. */
interface Coding {
  /** See PacketTable.prefixDigests. */
  readonly prefixDigests: boolean;
  readonly plan: Plan;
}

const CODINGS: ReadonlyMap<number, Coding> = new Map([
  [WHOLE_DIGESTS_CODEC, { prefixDigests: false, plan: PLAN_BEFORE_3 }],
  [2, { prefixDigests: true, plan: PLAN_BEFORE_3 }],
  [BATCH_CODEC, { prefixDigests: true, plan: PLAN }],
]);

/** The version that a table's digests need. */
export function codecOf({ prefixDigests }: PacketTable): number {
  return prefixDigests ? BATCH_CODEC : WHOLE_DIGESTS_CODEC;
}

/** Throws `unsupported` for a version that is not known. */
export function codingOf(codec: number): Coding {
  const coding = CODINGS.get(codec);
  if (coding !== undefined) return coding;
  throw new BothendsError(
    'unsupported',
    `a batch has column coding ${codec} and this version reads 1 to ${BATCH_CODEC}: upgrade the older end`,
  );
}
