// Package logout learns from an issuer which logins it has ended: it receives the logout
// tokens of OpenID Connect Back-Channel Logout 1.0.
//
//	ended, err := logout.NewReceiver(policy, "customer-portal", logout.RevokeIn(list), logout.OnLogout(sessions.End))
//	defer ended.Close()
//	mux.Handle("/backchannel-logout", ended) // registered at the issuer, for this client
//
// A logout token is believed if the issuer of the client has signed it, for this client,
// in the last ten minutes, and if it comes for the first time. It then ends one session,
// by its sid, or all sessions of a user that began before: [RevokeIn] revokes their tokens,
// so that calls are refused and streams end within a second, and [OnLogout] tells the
// program.
//
// An issuer tells the clients that users log in at, and nobody else. A service in another
// process learns of a logout by a list of revocations that they share: [RevokeWith].
package logout
