package tokensource

import "github.com/grpcaud/grpcaud/tokensource/internal/authmethod"

// ClientAuth is a way of a client to authenticate to the issuer. It is sealed:
// values come from [ClientCredentials], [ClientSecretFile] and package clientauth.
// They are safe for concurrent use, may serve several caches, and cannot be printed.
type ClientAuth interface{ authmethod.Method }
