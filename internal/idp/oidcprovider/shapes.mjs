// Tokens as other servers write them, and as none should.
const asClient = (claim) => ({ header, payload }) => {
  header.typ = 'JWT';
  payload[claim] = payload.client_id;
  delete payload.client_id;
};
const both = ['urn:acme:order-status', 'urn:acme:human-resource'];

export const shapes = {
  'several': ({ payload }) => Object.assign(payload, { aud: both, azp: payload.client_id }),
  'several-no-azp': ({ payload }) => Object.assign(payload, { aud: both }),
  'bad-azp': ({ payload }) => Object.assign(payload, { azp: 'someone-else' }),
  'no-client': ({ payload }) => delete payload.client_id,
  'no-exp': ({ payload }) => delete payload.exp,
  'auth0': (token) => {
    asClient('azp')(token);
    Object.assign(token.payload, { sub: `${token.payload.azp}@clients`, gty: 'client-credentials' });
  },
  'entra': (token) => {
    asClient('azp')(token);
    Object.assign(token.payload, { azpacr: '1', ver: '2.0', roles: ['Orders.Read'] });
    delete token.payload.scope;
  },
  'okta': (token) => {
    asClient('cid')(token);
    token.payload.scp = (token.payload.scope ?? '').split(' ').filter(Boolean);
    delete token.payload.scope;
  },
};
