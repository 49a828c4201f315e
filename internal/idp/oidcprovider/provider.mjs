// The server's configuration.
import { X509Certificate } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';
import { clients, people, resource, urn } from './company.mjs';
import { addExchange } from './exchange.mjs';
import { shapes } from './shapes.mjs';

function resourceInfo(ctx, indicator, client) {
  const scope = client.may[indicator];
  if (scope === undefined) throw new errors.InvalidTarget(`client ${client.clientId} may not request ${indicator}`);
  return resource(indicator, scope);
}

// A login that names no resource gets a token for the client itself, which may exchange it.
function defaultResource(ctx, client, oneOf) {
  const own = urn(client.clientId);
  return oneOf ?? (ctx.oidc.route === 'authorization' && own in client.may ? own : undefined);
}

function shape(ctx, token, parts) {
  Object.assign(parts.payload, token.exchanged);
  const variant = token.resourceServer?.identifier().split(':')[3];
  if (variant in shapes) {
    parts.header ??= {};
    shapes[variant](parts);
  }
}

const names = (ctx) => (ctx.socket.getPeerCertificate?.().subjectaltname ?? '').split(', ');
const mutualTLS = {
  enabled: true,
  certificateBoundAccessTokens: true,
  tlsClientAuth: true,
  getCertificate: (ctx) => {
    const { raw } = ctx.socket.getPeerCertificate?.() ?? {};
    return raw && new X509Certificate(raw).toString();
  },
  certificateAuthorized: (ctx) => ctx.socket.authorized,
  certificateSubjectMatches: (ctx, property, want) => property === 'tls_client_auth_san_dns' && names(ctx).includes(`DNS:${want}`),
};

// newProvider makes a server that signs with the first key of each kind.
export function newProvider({ issuer, tls, keys, batchKeys }) {
  const provider = new Provider(issuer, {
    clients: clients(batchKeys),
    jwks: { keys },
    cookies: { keys: ['for tests only'] },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth'],
    extraClientMetadata: { properties: ['may'] },
    discovery: { mtls_endpoint_aliases: { token_endpoint: `${tls}/token` } },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    formats: { customizers: { jwt: shape } },
    pkce: { required: () => true },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own dispatcher keeps logout tokens from loopback
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      mTLS: mutualTLS,
      resourceIndicators: {
        enabled: true,
        defaultResource,
        useGrantedResource: () => true,
        getResourceServerInfo: resourceInfo,
      },
    },
  });
  addExchange(provider, keys.map(({ d, p, q, dp, dq, qi, ...open }) => open), resourceInfo);
  provider.on('server_error', (ctx, err) => console.error(err));
  provider.on('backchannel.error', (ctx, err, client) => console.error(client.clientId, err.message, err.cause ?? ''));
  provider.on('grant.error', (ctx, err) => console.error(err.message, err.error_description, err.error_detail ?? ''));
  return provider;
}
