package interceptor

// StripMetadata hides more incoming metadata from handlers, by names in lower
// case; a name that ends in * stands for all that begin so. Nobody vouches for
// what metadata says of a call, on public methods either, so that credentials
// and what looks like an identity is hidden by default. These are:
//
//   - credentials:
//     authorization, proxy-authorization, x-authorization, x-original-authorization,
//     x-serverless-authorization, authentication, authentication-info, proxy-authenticate,
//     proxy-authentication-info, www-authenticate, cookie, cookie2, x-session-id,
//     x-session-token, dpop, txn-token, token, access-token, id-token, refresh-token, x-token,
//     x-access-token, x-id-token, x-refresh-token, jwt, x-jwt, x-jwt-*, oidc-*, x-oidc-*,
//     x-oauth-*, api-key, apikey, x-api-key, x-apikey, x-goog-api-key, x-amz-security-token,
//     x-vault-token
//   - who calls:
//     auth, x-auth, x-auth-*, x-authenticated-*, x-webauth-*, remote-*, x-remote-*,
//     x-forwarded-*, x-user*, x-email, x-email-*, x-group, x-groups, x-role, x-roles, x-scopes,
//     x-permissions, x-tenant, x-tenant-id, x-scope-orgid, x-sub, x-subject, x-principal,
//     x-principal-*, x-identity, x-identity-*, x-claims, x-claim-*, x-client-id, x-caller,
//     x-caller-*, x-actor, x-on-behalf-of, impersonate-*, x-impersonate-*, x-account, x-account-id,
//     x-login, x-uid, x-sso-*, x-saml-*, x-ldap-*, x-openid-*
//   - certificates of clients, and identities of workloads:
//     client-cert*, x-client-cert*, x-client-dn, x-client-verify, ssl-client-*, x-ssl-*,
//     x-tls-client-*, x-spiffe-*, l5d-client-id, x-envoy-peer-metadata*, x-istio-attributes
//   - what one product or the other says of the caller:
//     x-goog-iap-*, x-goog-authenticated-user-*, x-endpoint-api-*, x-apigateway-api-*,
//     x-firebase-*, x-appengine-user-*, x-appengine-inbound-appid, x-amzn-oidc-*, x-amzn-mtls-*,
//     x-amzn-request-context, x-ms-client-principal*, x-ms-token-*, x-arr-clientcert,
//     cf-access-*, cf-client-cert-*, x-consumer-*, x-credential-*, x-anonymous-consumer,
//     x-authentik-*, x-pomerium-*, x-vouch-*, x-kratos-*, x-hasura-*, tailscale-*, teleport-*,
//     ngrok-auth-*, x-vercel-oidc-*, x-grafana-id, x-cognito-*, dapr-caller-*, dapr-api-token,
//     cas-*, iv-*, mellon-*, oam-*, shib-*, sm-user*, sm-universalid
//   - this package's own:
//     grpcaud-*
//
// Each name stands for its twins as well: with grpcgateway- before it, with -bin
// after it, and with underscores for hyphens. Of those that begin with
// x-forwarded- and x-user these pass, since they say nothing about who calls:
//
//	x-forwarded-by, x-forwarded-for, x-forwarded-host, x-forwarded-method, x-forwarded-path,
//	x-forwarded-port, x-forwarded-prefix, x-forwarded-proto, x-forwarded-scheme,
//	x-forwarded-server, x-forwarded-ssl, x-forwarded-uri, x-user-agent
//
// Besides, a value that holds the very token which the call was admitted by is
// hidden whatever its name is. [KeepMetadata] lets names through.
func StripMetadata(names ...string) ServerOption {
	return serverOption(func(o *serverOptions) {
		o.strip = append(o.strip, names...)
		if err := metadataNames(names).check(); err != nil {
			o.refuse(err)
		}
	})
}

// KeepMetadata lets handlers see incoming metadata that is hidden by default,
// by whole names in lower case; the twins of a name are names of their own. The
// default is none. Whoever keeps a name must know that a proxy of theirs writes
// it and takes away what the peer has written there. It is an error to keep a
// name that [StripMetadata] hides, one that ends in authorization, and one of
// this package's own (grpcaud-*).
func KeepMetadata(names ...string) ServerOption {
	return serverOption(func(o *serverOptions) { o.keep = append(o.keep, names...) })
}
