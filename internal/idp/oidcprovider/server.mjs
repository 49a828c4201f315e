// node server.mjs ADDRESS TLS-ADDRESS: an authorization server for tests, on
// loopback. Its folder holds ca.pem, tls.pem, tls.key, batch.json (the public
// keys of the client batch) and keys.json, its own. POST /admin/rotate makes
// new keys; those before stay in the published set. POST /admin/clients
// changes the metadata of a client.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { json } from 'node:stream/consumers';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { registered } from './company.mjs';
import { newProvider } from './provider.mjs';

const [address, tlsAddress] = process.argv.slice(2);

// The keys name no algorithm: RSA serves RS256 and PS256, OKP EdDSA and Ed25519.
async function newKeys() {
  return Promise.all(['RS256', 'ES256', 'Ed25519'].map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(privateKey);
    return { ...jwk, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
  }));
}

let keys = existsSync('keys.json') ? JSON.parse(readFileSync('keys.json')) : [];
let handle;
async function rotate() {
  keys = [...await newKeys(), ...keys];
  writeFileSync('keys.json', JSON.stringify(keys), { mode: 0o600 });
}
function serve() {
  const batchKeys = JSON.parse(readFileSync('batch.json'));
  handle = newProvider({ issuer: `http://${address}`, tls: `https://${tlsAddress}`, keys, batchKeys }).callback();
}

if (!keys.length) await rotate();
serve();

async function answer(req, res) {
  if (req.method !== 'POST' || !req.url.startsWith('/admin/')) return handle(req, res);
  if (req.url === '/admin/rotate') {
    await rotate();
  } else {
    const { client, metadata } = await json(req);
    registered[client] = { ...registered[client], ...metadata };
  }
  serve();
  return res.writeHead(204).end();
}
const listen = (server, at) => server.listen(at.split(':')[1], at.split(':')[0]);
listen(http.createServer(answer), address);
listen(https.createServer({
  ca: readFileSync('ca.pem'), cert: readFileSync('tls.pem'), key: readFileSync('tls.key'),
  requestCert: true, rejectUnauthorized: false, // the token endpoint judges
}, answer), tlsAddress);
