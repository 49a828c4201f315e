// Package signals learns from an issuer which tokens it has withdrawn: it receives
// security event tokens of the OpenID Shared Signals Framework 1.0 (CAEP and RISC), by push
// (RFC 8935) or by poll (RFC 8936), and revokes the tokens that they are about.
//
//	events, err := signals.NewReceiver(policy, "corp", "https://orders.example.com", signals.RevokeIn(list))
//	…
//	defer events.Close()
//	push, err := events.Push("Bearer " + secret) // an http.Handler for the address of the stream
//	…
//	poller, err := events.NewPoller(streamURL, authorization) // or this
//	…
//	err = poller.Run(ctx)
//
// A security event token is believed if the issuer has signed it, for this audience, no
// longer ago than its tokens live. It revokes one session if it names one, else all tokens
// of its user that were issued before the event. It is acknowledged only when the
// revocation is stored. One that comes again changes nothing.
//
// Replicas that share a list need one poller: see [Poller.Run]. Streams are not created
// here: that is done once, at the issuer.
package signals
