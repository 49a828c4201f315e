package access

import "time"

// Matrix is the access matrix as plain data: which client may call which
// method of which service, with tokens of which issuer. [New] checks it and
// turns it into a [Policy]. Names are the keys of the maps; the zero value is
// an empty matrix, which New refuses.
type Matrix struct {
	// Issuers are the authorization servers whose tokens are accepted.
	Issuers map[string]Issuer

	// Services are what is guarded.
	Services map[string]Service

	// Clients are all who may be named by a rule.
	Clients map[string]Client

	// External are APIs of others, which our clients call and no server of ours
	// guards. Services and they share one space of names.
	External map[string]External

	// Public names what anybody may call without a token: a gRPC service
	// ("grpc.health.v1.Health") or one method of it
	// ("grpc.health.v1.Health/Check").
	Public []string
}

// Issuer is an authorization server.
type Issuer struct {
	// URL is the iss claim of its tokens, compared exactly: a trailing slash
	// matters. Required. It is https, or http where InsecureLoopback allows it.
	URL string

	// Discovery is the address of its metadata document; empty means
	// URL + "/.well-known/openid-configuration".
	Discovery string

	// JWKS is the address of its signing keys; empty means that the metadata
	// document names it.
	JWKS string

	// Preset names how its tokens are written: where the caller's id, the type
	// and the scopes stand. Empty means "rfc9068". See [claims.Presets].
	Preset string

	// Algorithms are the algorithms that its tokens may be signed with, such as
	// "RS256"; empty means every asymmetric one that package verifier knows
	// (RFC 8725, section 3.1).
	Algorithms []string

	// KeysFile is the path of a JWKS file that holds its keys, for services
	// that cannot reach it; empty means that they are fetched. Not beside
	// Discovery and JWKS.
	KeysFile string

	// Leeway is how far its clock and ours may differ; zero means [DefaultLeeway], and
	// 5 minutes are the most.
	Leeway time.Duration

	// MaxLifetime is the longest life of a token, from iat to exp; zero means
	// [DefaultMaxLifetime].
	MaxLifetime time.Duration

	// MaxAge is the most time that may have passed since iat; zero means that
	// exp alone ends a token.
	MaxAge time.Duration

	// RequireBound refuses tokens that are not bound to the certificate of the
	// client (RFC 8705, section 3). Those that are bound are checked always.
	RequireBound bool

	// Introspection says how to ask the issuer about opaque tokens. The zero
	// value means that its tokens are JWTs.
	Introspection Introspection

	// TokenURL is the address of its token endpoint; empty means that the
	// metadata document names it.
	TokenURL string

	// Ask says how its clients ask for an audience; the zero value leaves that
	// to the preset.
	Ask Ask

	// InsecureLoopback accepts plain http, on a loopback address only.
	InsecureLoopback bool
}

// Introspection is the way to ask an issuer about a token (RFC 7662). The zero
// value means that it is not asked.
type Introspection struct {
	// URL is where to ask; empty, beside a ClientID, means that the metadata
	// document names it (introspection_endpoint).
	URL string

	// ClientID is what the service calls itself there. Required.
	ClientID string

	// Secret says where the service's own client secret is kept. Required.
	Secret SecretRef
}

// Service is one guarded service. Its name in the matrix need not be the name
// of a gRPC service; GRPC lists those.
type Service struct {
	// Issuers names the issuers whose tokens it accepts; empty means the only
	// one of the matrix.
	Issuers []string

	// Audiences are the values by which it finds itself in a token's aud; any
	// of them will do. Empty means the service's name. More than one is meant
	// for migrations.
	Audiences []string

	// GRPC lists the full names of the gRPC services it consists of
	// ("acme.orders.v1.OrderStatus"). Required.
	GRPC []string

	// Authorities are where its tokens may be sent: hosts, or hosts with a port,
	// as gRPC has them in :authority. Empty means the host that a client dials.
	Authorities []string

	// Self accepts a token without aud from the client that bears the
	// service's own name: a client is always its own audience.
	Self bool

	// SoleAudience refuses tokens that are also meant for others: every value
	// of aud must be one of Audiences.
	SoleAudience bool

	// InsecureNoAudience accepts tokens without aud from issuers that send none
	// (preset cognito), if one of their scopes begins with this: the identifier
	// of the service's resource server and a slash, such as "orders/". Every
	// entry of Allow must then name clients, and scopes that begin with it. A
	// token that has an aud is judged by that. Empty means that aud is required.
	InsecureNoAudience string

	// Rollout lists who is not held to the rules yet, and until when. The first
	// entry that applies counts; where none does, the rules are enforced.
	Rollout []Rollout

	// Allow lists the alternatives: a call is admitted if one of them holds
	// in full. Empty means that nobody may call, which is one of [Policy.Warnings].
	Allow []Allow

	// Closed are methods that nobody may call, by their short names, though
	// Allow may say "*": a server that has them is complete all the same, see
	// [Guard.CheckCoverage]. Empty means none.
	Closed []string
}

// Allow is one alternative: demands that must all hold.
type Allow struct {
	// Clients names the clients that may call. Required, unless AnyClient.
	Clients []string

	// AnyClient admits every client that can get a token for the service,
	// named or not. The file writes it as clients: any.
	AnyClient bool

	// Methods are the methods this is about, by their short names; "*" means
	// all of them. Required.
	Methods []string

	// Scopes must all have been granted. Required, unless AnyScopes or NoScopes.
	Scopes []string

	// AnyScopes are scopes of which one must have been granted; empty means
	// that Scopes alone counts.
	AnyScopes []string

	// NoScopes demands no scope. The file writes it as scopes: none.
	NoScopes bool

	// Roles are roles or permissions of which one must have been granted, where
	// the issuer's preset finds them; a scope is never taken for one. Empty
	// demands none.
	Roles []string

	// Claims are further claims that the token must have, each with the values
	// that will do. A claim that is an array must hold one of them. Values are
	// strings, compared exactly.
	Claims map[string][]string

	// ACR are the ways to log in that will do (the acr claim); empty means any.
	// A token that lacks them is answered with a step-up challenge (RFC 9470).
	ACR []string

	// MaxAuthAge is the most time that may have passed since the user logged in
	// (the auth_time claim), answered like ACR; zero means any.
	MaxAuthAge time.Duration

	// Callers narrows who may call to users or to services; the zero value
	// means both.
	Callers CallerKind

	// Optional also admits calls without a token, which then have no caller. A
	// token that is there must be good, and all demands hold for it.
	Optional bool
}

// Callers is a kind of callers: those that call on behalf of a user, or
// services that call as themselves. The zero value is both.
type CallerKind string

// The kinds of callers. A token that was exchanged has the subject of the one that
// it was made from: if that is a client, it speaks for no user.
const (
	UsersOnly    CallerKind = "users"
	ServicesOnly CallerKind = "services"
)

// Rollout is a promise to enforce the rules later: until then, calls that they
// refuse go through, without a caller.
type Rollout struct {
	// Mode is [Observe] or [Warn].
	Mode Mode

	// Until is when it ends and the rules are enforced, in the running process
	// too. Required, and at most 90 days ahead when [New] is called.
	Until time.Time

	// Methods are the methods this is about, by their short names; empty means
	// all of them.
	Methods []string

	// Clients are the clients this is about, by their names in the matrix;
	// empty means everybody, with or without a token. A named client is known
	// only by a genuine token that is meant for the service.
	Clients []string
}
