// Package audience answers three questions about a token that is known to be
// genuine: is it meant for us, who calls with it, and may they?
//
// The word audience is that of the aud claim (RFC 7519, section 4.1.3): whom a
// token is for. One authorization server signs the tokens of a whole company;
// a service that trusts its signature and asks nothing else accepts a token
// that was made for any other service. So here every rule names an issuer and
// an audience, and there is no way to build one that does not.
//
// A [access.Matrix] says which client may call which method. [access.New] checks it and makes
// a [access.Policy] of it, [access.Policy.Guard] picks what one server hosts, and
// [access.Rule.Judge] decides about one call:
//
//	policy, err := access.New(matrix)          // or policyfile.Load("access.yaml")
//	guard, err := policy.Guard("order-status")
//	rule := guard.Rule("/acme.orders.v1.OrderStatus/GetOrderStatus") // nil: refuse
//	err = rule.Judge(claims, access.Presentation{Time: time.Now(), Certificate: thumbprint}) // nil, or a *Refusal
//
// What is asked, in this order: whether the issuer is one of the service's,
// whether the service finds itself in aud, whether the token is alive, whether
// the rule names the client that the token was issued to (its authorized
// party: azp or client_id), whether a user or a service calls, whether its
// scopes, roles and claims will do, and whether the user logged in as well and
// as lately as is wanted. "Is it for us" and "from whom" are two questions;
// neither answer stands for the other. Audience restricts who may use a token,
// scope what for. [access.Rule.Explain] tells the operator the answer to each.
//
// A rule that is new to a running system can be watched before it bites: until
// the end of a [access.Rollout], a call that it refuses goes through, without a caller.
//
// The package imports nothing but the standard library. It verifies no
// signature, which is the work of package verifier, and knows nothing of gRPC.
package audience
