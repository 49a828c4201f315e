// Package revocation knows which tokens were revoked before they expired. A [Checker]
// answers for one token; a [List] is one in memory, with entries for tokens, sessions,
// users and clients.
//
//	list := revocation.NewList(10_000)
//	err := list.Revoke(revocation.Entry{Issuer: issuer, Subject: "alice", Expires: lastExpiry})
package revocation
