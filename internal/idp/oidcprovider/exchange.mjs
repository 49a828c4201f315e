// The grant of RFC 8693 for our own JWTs: a client exchanges what is addressed
// to it for a token for one other audience, with the actors so far in act.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { errors } from 'oidc-provider';
import { tokenExchange } from './company.mjs';

const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
const parameters = ['subject_token', 'subject_token_type', 'audience', 'resource', 'scope', 'requested_token_type'];

export function addExchange(provider, publicKeys, resourceInfo) {
  const keys = createLocalJWKSet({ keys: publicKeys });
  const subjectOf = async (text, client) => {
    const { payload } = await jwtVerify(text, keys, { issuer: provider.issuer, audience: `urn:acme:${client.clientId}` })
      .catch((err) => { throw new errors.InvalidGrant(`subject_token: ${err.message}`); });
    return payload;
  };
  provider.registerGrantType(tokenExchange, async (ctx) => {
    const { client, params } = ctx.oidc;
    const target = params.resource ?? params.audience;
    if (!params.subject_token || !target) throw new errors.InvalidRequest('subject_token and audience or resource are required');
    if (params.subject_token_type !== accessToken) throw new errors.InvalidRequest('subject_token_type is not served');
    const { sub, act } = await subjectOf(params.subject_token, client);
    const resource = new provider.ResourceServer(target, resourceInfo(ctx, target, client));
    const asked = params.scope?.split(' ') ?? [...resource.scopes];
    const scope = asked.filter((s) => resource.scopes.has(s)).join(' ') || undefined;
    const token = new provider.ClientCredentials({ client, scope });
    Object.assign(token, { resourceServer: resource, exchanged: { sub, act: { sub: client.clientId, ...(act && { act }) } } });
    ctx.oidc.entity('ClientCredentials', token);
    ctx.body = {
      access_token: await token.save(), issued_token_type: accessToken,
      token_type: token.tokenType, expires_in: token.expiration, scope,
    };
  }, parameters);
}
