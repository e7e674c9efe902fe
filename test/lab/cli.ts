/** `npm run lab -- up | shell HOST | down | list`: the default chain for a person to play with. */
import { spawnSync } from 'node:child_process';
import { toBothendsError } from '@bothends/proto';
import { inNamespace, namespaceOf } from './build.js';
import { chain, Lab } from './index.js';
import { listStates, removeLab, removeLeftovers } from './state.js';

/** A person has one lab, and finds it by this name. */
const ID = 'lab';

const USAGE = `usage: npm run lab -- COMMAND
  up             build client - m1 - m2 - m3 - server, and a coordinator beside the data path
  shell HOST     a shell in a host of it
  down           remove it
  list           every lab on this machine
`;

async function up(): Promise<number> {
  if (isUp()) return complain('the lab is up already: npm run lab -- shell client, or down');
  const lab = await Lab.create(chain({ hosts: { coordinator: {} } }), { id: ID, keep: true });
  for (const host of lab.hosts) {
    const management = host.managementAddress.padEnd(12);
    console.log(
      `${host.name.padEnd(12)} management ${management} ${dataAddresses(host.name, lab)}`.trimEnd(),
    );
  }
  console.log('npm run lab -- shell client');
  return 0;
}

function dataAddresses(host: string, lab: Lab): string {
  const ends = lab.config.links.flatMap(({ ends }) => ends).filter((end) => end.host === host);
  return ends.flatMap(({ addresses }) => addresses).join(' ');
}

function shell(host: string | undefined): number {
  if (host === undefined) return complain('shell of which host?');
  const namespace = namespaceOf(ID, host);
  const namespaces = listStates().find(({ id }) => id === ID)?.namespaces ?? [];
  if (namespaces.length === 0) return complain('the lab is down: npm run lab -- up');
  if (!namespaces.includes(namespace)) {
    const names = namespaces.map((name) => name.slice(namespaceOf(ID, '').length));
    return complain(`no host "${host}"; there are ${names.join(', ')}`);
  }
  const [file = '', ...args] = inNamespace(namespace, [process.env.SHELL ?? '/bin/sh']);
  return spawnSync(file, args, { stdio: 'inherit', env: { ...process.env, PS1: `${host}# ` } }).status ?? 1;
}

function down(): number {
  const state = listStates().find(({ id }) => id === ID);
  if (!state) return complain('the lab is down already');
  removeLab(state);
  return 0;
}

function list(): number {
  removeLeftovers();
  for (const { id, owner, namespaces } of listStates()) {
    console.log(`${id.padEnd(8)} ${owner ? `process ${owner.pid}` : 'kept'}  ${namespaces.join(' ')}`);
  }
  return 0;
}

function isUp(): boolean {
  return listStates().some(({ id }) => id === ID);
}

function complain(message: string): number {
  process.stderr.write(`lab: ${message}\n`);
  return 1;
}

async function main([command, argument]: readonly string[]): Promise<number> {
  switch (command) {
    case 'up':
      return up();
    case 'shell':
      return shell(argument);
    case 'down':
      return down();
    case 'list':
      return list();
    default:
      process.stderr.write(USAGE);
      return command === undefined || command === 'help' || command === '--help' ? 0 : 2;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  process.stderr.write(`${toBothendsError(thrown).message}\n`);
  process.exitCode = 1;
}
