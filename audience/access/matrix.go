package access

import "time"

// Matrix is the access matrix as plain data: which client may call which
// method of which service, with tokens of which issuer. [New] checks it and
// makes a [Policy] of it. The keys of the maps are names; the zero value is an empty
// matrix, which New refuses.
type Matrix struct {
	// Issuers are the authorization servers whose tokens are accepted.
	Issuers map[string]Issuer

	// Services are the services that are guarded.
	Services map[string]Service

	// Clients are all clients that a rule can name.
	Clients map[string]Client

	// External are APIs that clients of the matrix call and that the matrix does not
	// guard. No service may have the name of one.
	External map[string]External

	// Public lists the gRPC services ("grpc.health.v1.Health"), single methods
	// ("grpc.health.v1.Health/Check") and operations of services of the matrix
	// ("order-status/Version") that anybody may call without a token.
	Public []string

	// Never are statements that must hold of all ways by which clients reach services.
	// Empty means none.
	Never []Never
}

// Issuer is an authorization server.
type Issuer struct {
	// URL is the iss claim of its tokens, compared exactly: a trailing slash
	// matters. Required. It is any text, and a URI if it has a colon (RFC 7519, section
	// 2). If metadata is read and Discovery is empty, it is the address below which the
	// metadata is. Addresses are https, or http where InsecureLoopback or InsecureHosts
	// allows it.
	//
	// With Tenants it has {tenant} in the place of a tenant's id, and so may the other
	// addresses and KeysFile.
	URL string

	// Place is the issuer's place in a file, such as "issuers.corp (access.yaml:3)", for
	// messages. [Policy.WithPlaces] sets it; leave it empty.
	Place string

	// Tenants are the ids of the tenants whose tokens are accepted. Each is an issuer of
	// its own in the policy: issuer "acme" with tenant "t1" is "acme/t1", and a client
	// "portal" of "acme" is the client "portal/t1" of it. Lists that name "acme" or
	// "portal" name them all. Empty means that the issuer has no tenants.
	Tenants []string

	// Discovery is the address of its metadata document; empty means
	// URL + "/.well-known/openid-configuration".
	Discovery string

	// Hosts are further hosts on which the metadata document may place keys and
	// endpoints, over https: "keys.example.com", or with a port. They are compared
	// exactly. The document's own host is always accepted. Empty means the hosts that
	// the preset knows.
	Hosts []string

	// JWKS is the address of its signing keys; empty means the one in the metadata
	// document.
	JWKS string

	// Preset names the dialect of its tokens: which claims hold the client's id, the
	// type and the scopes. Empty means "rfc9068". See [claims.Presets].
	Preset string

	// Dialect describes its tokens where no preset fits. The zero value means Preset; at
	// most one of the two is set. The file writes it as a mapping under preset.
	Dialect Dialect

	// TrustDomain is the trust domain of its tokens, such as "example.org", for preset
	// "spiffe". The trust domain in the sub of a token without iss selects the issuer,
	// and each token of the issuer must have a sub of its trust domain. Empty means the
	// trust domain in URL if that begins with "spiffe://"; otherwise its tokens must
	// have iss.
	TrustDomain string

	// Algorithms are the algorithms that its tokens may be signed with, such as
	// "RS256"; empty means every asymmetric one that package verifier knows
	// (RFC 8725, section 3.1).
	Algorithms []string

	// KeysFile is the path of a JWKS file with its keys, for services that cannot
	// reach the issuer; empty means that the keys are fetched. It excludes JWKS.
	KeysFile string

	// CAFile is the path of a PEM file with the certificate authorities that are
	// trusted for its addresses; empty means the system's.
	CAFile string

	// Leeway is how far its clock and ours may differ, at most 5 minutes; zero means
	// [DefaultLeeway].
	Leeway time.Duration

	// MaxLifetime is the longest lifetime of a token, from iat to exp; zero means what
	// the preset says (28 hours for Entra ID), and else [DefaultMaxLifetime].
	MaxLifetime time.Duration

	// MaxAge is the longest time since iat; zero means that only exp ends a token.
	MaxAge time.Duration

	// RequireBound refuses tokens that are not bound to the certificate of the
	// client (RFC 8705, section 3). Tokens that are bound are always checked.
	RequireBound bool

	// Introspection says how to ask the issuer about its tokens. The zero value means
	// that it is not asked: its tokens are JWTs.
	Introspection Introspection

	// TokenURL is the address of its token endpoint; empty means the one in the
	// metadata document.
	TokenURL string

	// Ask says how its clients request an audience; the zero value leaves that to
	// the preset.
	Ask Ask

	// AuthStyle is how secrets are sent to it: "basic" in the Authorization header, or
	// "post" in the form (RFC 6749, section 2.3.1). It applies to introspection, and to
	// clients without a [Client.AuthStyle]. Empty means what the metadata document says,
	// and basic for introspection.
	AuthStyle string

	// AssertionAudience is the audience of the assertions of its clients
	// (private_key_jwt): "issuer", "token_endpoint", or the address that the issuer has
	// for its token endpoint, if clients reach that at another one. Empty means as the
	// preset says: "token_endpoint" for Hydra, Okta and Entra ID, else "issuer".
	AssertionAudience string

	// TokenType is a token_type that stands for Bearer in the answers of its token
	// endpoint, compared exactly. Empty accepts only Bearer, in any case.
	TokenType string

	// InsecureLoopback accepts plain http, on a loopback address only.
	InsecureLoopback bool

	// InsecureHosts are the hosts, without ports, at which plain http is accepted for
	// the addresses of this issuer: keys and secrets then travel without protection.
	// Empty means none.
	InsecureHosts []string
}

// Service is one guarded service. Its name in the matrix need not be the name
// of a gRPC service; GRPC lists those.
type Service struct {
	Purpose

	// Issuers names the issuers whose tokens it accepts; empty means the only
	// one of the matrix.
	Issuers []string

	// Audiences are the values that name the service in aud; one of them is enough.
	// Empty means the service's name. More than one is intended for migrations.
	Audiences []string

	// GRPC lists the full names of the gRPC services it consists of
	// ("acme.orders.v1.OrderStatus"). Required, unless HTTP is set.
	GRPC []string

	// HTTP says which HTTP requests call the service. Nil means that none does.
	HTTP *HTTP

	// Authorities are the hosts that its tokens may be sent to, with or without a
	// port, as in gRPC's :authority. Empty means the host that a client dials.
	Authorities []string

	// Self accepts a token without aud from the client that has the name of the
	// service: a client is always its own audience.
	Self bool

	// SoleAudience refuses tokens that other services accept too: every value of aud
	// must be one of Audiences.
	SoleAudience bool

	// InsecureNoAudience accepts tokens without aud from issuers that write none
	// (preset cognito), if one of their scopes begins with this prefix: the identifier
	// of the service's resource server and a slash, such as "orders/". Every entry of
	// Allow must then name clients, and scopes that begin with the prefix. If a token
	// has an aud, it must name the service. Empty means that aud is required.
	InsecureNoAudience string

	// InsecureNoAudienceRoles accepts such tokens if they have one of these roles, for
	// tokens whose scopes do not distinguish services. Every entry of Allow must then
	// name clients, and either only roles of this list, or scopes that begin with
	// InsecureNoAudience. No other service may have one of these roles. Empty means that
	// no role stands for the audience.
	InsecureNoAudienceRoles []string

	// Rollout lists the calls for which the rules are not enforced yet, and until
	// when. The first entry that applies counts; if none applies, the rules are
	// enforced.
	Rollout []Rollout

	// Allow lists the alternatives: a call is admitted if all demands of one of them
	// hold. Empty means that nobody may call, which is one of [Policy.Warnings].
	Allow []Allow

	// Closed are methods that nobody may call, by their short names, even if Allow
	// has "*". [Guard.CheckCoverage] does not report them. Empty means none.
	Closed []string

	// RunsAs names the clients that the service itself calls other services as. Empty
	// means the clients that have the name of the service, or whose id is that name or one
	// of Audiences.
	RunsAs []string

	// CallsNobody says that the service calls no other service. The file writes it as
	// runs_as: none.
	CallsNobody bool
}

// Allow is one alternative: demands that must all hold.
type Allow struct {
	Purpose

	// Clients names the clients that may call. Required, unless AnyClient.
	Clients []string

	// AnyClient admits every client that can get a token for the service,
	// named or not. Where each client can get one for every audience, Roles or Claims
	// must say who may call. The file writes it as clients: any.
	AnyClient bool

	// Methods are the methods and operations that the clients may call, by their short
	// names; "*" means all of them. A name that is both is one rule. Required.
	Methods []string

	// Scopes are scopes of which all must have been granted. Required, unless AnyScopes
	// or NoScopes.
	Scopes []string

	// AnyScopes are scopes of which one must have been granted; empty demands none
	// of them.
	AnyScopes []string

	// NoScopes demands no scope. The file writes it as scopes: none.
	NoScopes bool

	// Roles are roles or permissions of which one must have been granted. The preset
	// of the issuer says which claims hold them; a scope is never taken for a role.
	// Empty demands none.
	Roles []string

	// Claims are further claims that the token must have, each with its accepted
	// values. A claim that is an array must hold one of them. Values are strings,
	// compared exactly.
	Claims map[string][]string

	// ACR are the accepted kinds of login (the acr claim); empty means any. The
	// answer to any other token is a step-up challenge (RFC 9470).
	ACR []string

	// MaxAuthAge is the longest time since the user logged in (the auth_time claim),
	// answered like ACR; zero means any.
	MaxAuthAge time.Duration

	// Callers restricts the callers to users or to services; the zero value means
	// both.
	Callers CallerKind

	// Online demands that the issuer, asked about the token while the call waits, calls
	// it active (RFC 7662), also if the token is a JWT. The issuer is asked after all
	// other demands hold. The entry's issuers must have an [Introspection].
	Online bool

	// OnlineMaxAge is how old an answer of the issuer may be when the call arrives, at
	// most 1 minute. Zero means that only a question counts that is sent after the call
	// arrived. It needs Online.
	OnlineMaxAge time.Duration

	// Optional also admits calls without a token, which then have no caller. All
	// demands hold for a token that is sent.
	Optional bool
}

// CallerKind is a kind of caller: a client that calls on behalf of a user, or a
// service that calls as itself. The zero value is both.
type CallerKind string

// The kinds of callers. An exchanged token has the subject of the token that it was
// made from: if that is a client, it identifies no user.
const (
	UsersOnly    CallerKind = "users"
	ServicesOnly CallerKind = "services"
)
