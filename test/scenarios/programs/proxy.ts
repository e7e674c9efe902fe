/** A TCP proxy in a lab host: `proxy.js PORT ADDRESS ADDRESS_PORT`. Says `listening`. */
import { connect, createServer } from 'node:net';

const [port, address, addressPort] = process.argv.slice(2);

createServer({ allowHalfOpen: true }, (downstream) => {
  const upstream = connect({ host: address, port: Number(addressPort), allowHalfOpen: true });
  downstream.pipe(upstream).pipe(downstream);
  downstream.on('error', () => upstream.destroy());
  upstream.on('error', () => downstream.destroy());
}).listen(Number(port), () => console.log('listening'));
