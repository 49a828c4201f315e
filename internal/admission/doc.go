// Package admission decides about one request to a server, whatever transport
// carries it: whether its method has a rule, whether the connection is private,
// whether the token is genuine, whether its bearer may call, and whether the
// token was revoked. It logs, counts and traces the decision.
//
// An adapter fills in a [Request], asks [Controller.Decide], and carries out the
// [Decision] in the terms of its transport:
//
//	d := controller.Decide(ctx, &admission.Request{Method: method, Credentials: values, Peer: peer})
//	if d.Outcome == admission.Refused {
//		return d.Answer() // a status, a phrase, a reason and a challenge
//	}
//	ctx = admission.NewContext(ctx, d.Evidence) // for the handler
//	defer d.Evidence.End()
//
// The [Evidence] of an admitted request is needed to judge a stream again while it
// runs ([Stream.Begin]), and to find the token that the handler may exchange or
// forward in calls to other services ([AuthorityFrom]).
package admission
