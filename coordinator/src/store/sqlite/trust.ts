import type { Database } from 'better-sqlite3';
import type { AgentCertificate, AgentRecord, EnrolAttempt, EnrolRefusal, UserRecord } from '../store.js';
import type { SyncVerbs } from './sync-verbs.js';

type Verbs = Pick<
  SyncVerbs,
  | 'addToken'
  | 'enrolRefusal'
  | 'enrol'
  | 'agents'
  | 'agentSeen'
  | 'setAgentCertificate'
  | 'saveUser'
  | 'users'
>;

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
    `INSERT INTO agent (name, serial, issuer, enrolled_ns, last_seen_ns) VALUES (@name, @serial, @issuer, @nowNs, 0)
     ON CONFLICT (name) DO UPDATE SET serial = @serial, next_serial = '', issuer = @issuer, enrolled_ns = @nowNs`,
  );
  const agents = database.prepare<[], AgentRecord>(
    `SELECT name, serial, enrolled_ns AS enrolledNs, last_seen_ns AS lastSeenNs, next_serial AS nextSerial, issuer
     FROM agent ORDER BY name`,
  );
  const agentSeen = database.prepare('UPDATE agent SET last_seen_ns = ? WHERE name = ?');

  const setCertificate = database.prepare(
    'UPDATE agent SET serial = @serial, next_serial = @nextSerial, issuer = @issuer WHERE name = @name',
  );
  const putUser = database.prepare(
    `INSERT OR REPLACE INTO user (name, role, serial, next_serial, issuer, created_ns, expires_ns, revoked_ns)
     VALUES (@name, @role, @serial, @nextSerial, @issuer, @createdNs, @expiresNs, @revokedNs)`,
  );
  const users = database.prepare<[], UserRecord>(
    `SELECT name, role, serial, next_serial AS nextSerial, issuer, created_ns AS createdNs, expires_ns AS expiresNs,
       revoked_ns AS revokedNs FROM user ORDER BY name`,
  );

  const refusalOf = (attempt: EnrolAttempt): EnrolRefusal | null => {
    const token = findToken.get(attempt.tokenId);
    // Hashes are compared: how long that takes tells nothing about the secret.
    if (token === undefined || token.secret_hash !== attempt.secretHash) return 'unknown';
    if (token.used_ns !== null) return 'used';
    if (token.expires_ns <= attempt.nowNs) return 'expired';
    if (token.name !== null) return token.name === attempt.name ? null : 'other-name';
    // Only a token for just this name is the administrator's word that the host may be replaced.
    return findAgent.get(attempt.name) === undefined ? null : 'name-taken';
  };
  const enrol = (
    attempt: EnrolAttempt,
    { serial, issuer }: Pick<AgentCertificate, 'serial' | 'issuer'>,
  ): EnrolRefusal | null => {
    const refusal = refusalOf(attempt);
    if (refusal !== null) return refusal;
    useToken.run(attempt.nowNs, attempt.tokenId);
    putAgent.run({ name: attempt.name, serial, issuer, nowNs: attempt.nowNs });
    return null;
  };
  const enrolAtOnce = database.transaction(enrol);

  return {
    addToken: (token) => {
      addToken.run(token.id, token.secretHash, token.name, token.expiresNs);
    },
    enrolRefusal: refusalOf,
    enrol: (attempt, certificate) => enrolAtOnce.immediate(attempt, certificate),
    agents: () => agents.all(),
    agentSeen: (name, nowNs) => {
      agentSeen.run(nowNs, name);
    },
    setAgentCertificate: (name, certificate) => {
      setCertificate.run({ name, ...certificate });
    },
    saveUser: (user) => {
      putUser.run(user);
    },
    users: () => users.all(),
  };
}
