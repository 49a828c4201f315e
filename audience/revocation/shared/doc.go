// Package shared keeps a list of revocations that all replicas of a company's servers
// share, over Valkey or Redis:
//
//	revoked, err := shared.New(valkey.ClientOption{InitAddress: []string{"valkey.internal:6379"}, TLSConfig: config})
//	…
//	defer revoked.Close()
//	admit, err := interceptor.NewServer(policy, services, interceptor.Revocations(revoked))
//	…
//	err = revoked.Revoke(ctx, revocation.Entry{Issuer: issuer, Session: sid, Expires: lastExpiry})
//
// Every replica holds the whole list in memory and follows the changes, so that no call
// waits for the store. A replica that has not heard from the store for a while no longer
// knows what was revoked, and its calls are refused as such until it hears again.
//
// The store needs no setup: an empty one is filled by the first replica. One that has
// lost entries, or came back empty, is recognised, and every replica writes back what
// it knows. The server must not evict keys (maxmemory-policy noeviction), and must be
// Valkey 7.2, Redis 6.2, or later. Entries name tokens by issuer, jti, sid, sub and
// client; no part of a token is in the store.
package shared
