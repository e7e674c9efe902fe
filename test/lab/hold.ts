/** Builds a small lab, prints its id and holds it until it is killed: what a crash leaves behind, for the lab's own tests. */
import { chain, Lab } from './index.js';

const lab = await Lab.create(chain({ routers: 1 }));
process.stdout.write(`${lab.id}\n`);
process.stdin.resume();
