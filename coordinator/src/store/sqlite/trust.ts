import type { Database } from 'better-sqlite3';
import type { AgentRecord, EnrolAttempt, EnrolOutcome } from '../store.js';
import type { SyncVerbs } from './verbs.js';

type Verbs = Pick<SyncVerbs, 'addToken' | 'enrol' | 'agents' | 'agentSeen'>;

interface TokenRow {
  secret_hash: string;
  name: string | null;
  expires_ns: bigint;
  used_ns: bigint | null;
}

export function trustVerbs(database: Database): Verbs {
  const addToken = database.prepare(
    'INSERT INTO token (id, secret_hash, name, expires_ns) VALUES (?, ?, ?, ?)',
  );
  const findToken = database.prepare<[string], TokenRow>(
    'SELECT secret_hash, name, expires_ns, used_ns FROM token WHERE id = ?',
  );
  const useToken = database.prepare('UPDATE token SET used_ns = ? WHERE id = ?');
  const findAgent = database.prepare('SELECT 1 FROM agent WHERE name = ?');
  const putAgent = database.prepare(
    `INSERT INTO agent (name, serial, enrolled_ns, last_seen_ns) VALUES (@name, @serial, @nowNs, 0)
     ON CONFLICT (name) DO UPDATE SET serial = @serial, enrolled_ns = @nowNs`,
  );
  const agents = database.prepare<[], AgentRecord>(
    'SELECT name, serial, enrolled_ns AS enrolledNs, last_seen_ns AS lastSeenNs FROM agent ORDER BY name',
  );
  const agentSeen = database.prepare('UPDATE agent SET last_seen_ns = ? WHERE name = ?');

  const enrol = database.transaction((attempt: EnrolAttempt): EnrolOutcome => {
    const token = findToken.get(attempt.tokenId);
    const refused = refusalOf(token, attempt);
    if (refused !== null) return refused;
    // A token for just this name is the administrator's word that the host may be replaced.
    if (token?.name === null && findAgent.get(attempt.name) !== undefined) return 'name-taken';
    useToken.run(attempt.nowNs, attempt.tokenId);
    putAgent.run({ name: attempt.name, serial: attempt.serial, nowNs: attempt.nowNs });
    return 'enrolled';
  });

  return {
    addToken: (token) => {
      addToken.run(token.id, token.secretHash, token.name, token.expiresNs);
    },
    enrol: (attempt) => enrol.immediate(attempt),
    agents: () => agents.all(),
    agentSeen: (name, nowNs) => {
      agentSeen.run(nowNs, name);
    },
  };
}

function refusalOf(token: TokenRow | undefined, attempt: EnrolAttempt): EnrolOutcome | null {
  // Hashes are compared: how long that takes tells nothing about the secret.
  if (token === undefined || token.secret_hash !== attempt.secretHash) return 'unknown';
  if (token.used_ns !== null) return 'used';
  if (token.expires_ns <= attempt.nowNs) return 'expired';
  if (token.name !== null && token.name !== attempt.name) return 'other-name';
  return null;
}
