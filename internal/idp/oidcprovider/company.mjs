// Who may ask for what. An audience is asked for by its resource indicator,
// which is an absolute URI (RFC 8707, section 2): urn:acme:order-status.
//
// The indicator urn:acme:order-status:VARIANT asks for a token for the same
// audience that is signed or written in another way; only the auditor may.
import { shapes } from './shapes.mjs';

export const urn = (name) => `urn:acme:${name}`;
const orders = urn('order-status');

const algorithms = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];
export const variants = [...algorithms, ...Object.keys(shapes), 'opaque', 'short'];

// resource tells how tokens for an indicator are made, for a client that may
// ask for them with these scopes.
export function resource(indicator, scope) {
  const variant = indicator.startsWith(`${orders}:`) ? indicator.slice(orders.length + 1) : '';
  const alg = algorithms.includes(variant) ? variant : 'RS256';
  return {
    scope,
    audience: variant ? orders : indicator,
    accessTokenTTL: variant === 'short' ? 3 : 300,
    accessTokenFormat: variant === 'opaque' ? 'opaque' : 'jwt',
    ...(variant !== 'opaque' && { jwt: { sign: { alg } } }),
  };
}

export const people = {
  alice: { name: 'Alice', email: 'alice@example.com' },
  bob: { name: 'Bob', email: 'bob@example.com' },
};

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const itself = ['client_credentials'];
const forPeople = [...itself, 'authorization_code', 'refresh_token'];

// registered is what clients have registered of themselves, such as redirect_uris, by client.
export const registered = {};

// may is which indicators a client can ask for, with which scopes.
const client = (id, grants, may, how = { client_secret: `${id}-secret` }) => ({
  client_id: id,
  grant_types: grants,
  redirect_uris: grants.includes('authorization_code') ? ['http://127.0.0.1/callback'] : [],
  response_types: grants.includes('authorization_code') ? ['code'] : [],
  ...registered[id],
  may,
  ...how,
});

export const clients = (batchKeys) => [
  client('customer-portal', forPeople, { [urn('customer-portal')]: '', [orders]: 'orders.read' }),
  client('backoffice-portal', [...forPeople, tokenExchange], {
    [urn('backoffice-portal')]: '', [orders]: 'orders.read orders.write', [urn('human-resource')]: '',
  }),
  client('order-status', [...itself, tokenExchange], { [urn('human-resource')]: '' }),
  client('night-worker', itself, { [urn('human-resource')]: '' }),
  client('human-resource', itself, {}),
  client('auditor', itself, Object.fromEntries(variants.map((v) => [`${orders}:${v}`, 'orders.read']))),
  client('batch', itself, { [orders]: 'orders.read' }, {
    token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: batchKeys },
  }),
  client('batch-mtls', itself, { [orders]: 'orders.read' }, {
    token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'batch-mtls',
    tls_client_certificate_bound_access_tokens: true,
  }),
];
