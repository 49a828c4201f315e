package interceptor

import "github.com/grpcaud/grpcaud/internal/hiddenheader"

// StripMetadata hides more incoming metadata from handlers, by names in lower
// case. A name that ends in * means all names with that beginning. Metadata is
// not verified, and any client can write it. So metadata that looks like
// credentials or an identity is hidden by default, on public methods too:
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
//   - statements of various products about the caller:
//     x-goog-iap-*, x-goog-authenticated-user-*, x-endpoint-api-*, x-apigateway-api-*,
//     x-firebase-*, x-appengine-user-*, x-appengine-inbound-appid, x-amzn-oidc-*, x-amzn-mtls-*,
//     x-amzn-request-context, x-ms-client-principal*, x-ms-token-*, x-arr-clientcert,
//     cf-access-*, cf-client-cert-*, x-consumer-*, x-credential-*, x-anonymous-consumer,
//     x-authentik-*, x-pomerium-*, x-vouch-*, x-kratos-*, x-hasura-*, tailscale-*, teleport-*,
//     ngrok-auth-*, x-vercel-oidc-*, x-grafana-id, x-cognito-*, dapr-caller-*, dapr-api-token,
//     cas-*, iv-*, mellon-*, oam-*, shib-*, sm-user*, sm-universalid
//   - this package's own:
//     grpcaud-*, x-grpcaud-*
//
// Each name also hides its other spellings: with grpcgateway- or grpc-metadata- before it,
// with -bin after it, and with underscores instead of hyphens. These names that begin with
// x-forwarded- and x-user are not hidden, since they do not say who calls:
//
//	x-forwarded-by, x-forwarded-for, x-forwarded-host, x-forwarded-method, x-forwarded-path,
//	x-forwarded-port, x-forwarded-prefix, x-forwarded-proto, x-forwarded-scheme,
//	x-forwarded-server, x-forwarded-ssl, x-forwarded-uri, x-user-agent
//
// In addition, a value that holds the token of the call is hidden under every name, also
// if the call has no caller: its method is public, or its rule is not enforced yet.
// [KeepMetadata] makes exceptions.
func StripMetadata(names ...string) ServerOption {
	return serverOption(func(o *serverOptions) {
		o.strip = append(o.strip, names...)
		if err := hiddenheader.Names(names).Check(); err != nil {
			o.refuse(err)
		}
	})
}

// KeepMetadata lets handlers see incoming metadata that is hidden by default, by
// whole names in lower case. It does not include the other spellings of a name. The
// default is none. Keep a name only if your own proxy writes it and removes the value
// that the peer sent. It is an error to keep a name that [StripMetadata] hides, a name
// that ends in authorization, or a name of this package (grpcaud-*, x-grpcaud-*).
func KeepMetadata(names ...string) ServerOption {
	return serverOption(func(o *serverOptions) { o.keep = append(o.keep, names...) })
}
