// Package access decides who may call what. A [Matrix] says which client may call which
// method of which service; [New] checks it and makes a [Policy] of it, [ForService] makes
// one for a single service. [Policy.Guard] selects what one server hosts, and
// [Rule.Judge] decides about one call:
//
//	policy, err := access.New(matrix)          // or policyfile.Load("access.yaml")
//	guard, err := policy.Guard("order-status")
//	rule := guard.Rule("/acme.orders.v1.OrderStatus/GetOrderStatus") // nil: refuse
//	err = rule.Judge(claims, access.Presentation{Time: time.Now(), Certificate: thumbprint})
//
// A rule checks, in this order: the issuer; the audience; the times; the certificate that
// the token is bound to; the client that the token was issued to (azp or client_id);
// whether a user or a service calls; scopes, roles and claims; and how and when the user
// logged in. The audience and the client are two checks, and neither replaces the other.
// Every rule names an issuer and an audience. [Rule.Explain] reports each check to the
// operator.
//
// A rule can be observed before it is enforced: until the end of a [Rollout], a call that
// it refuses goes through without a caller.
//
// The package does no I/O and verifies no signatures; package verifier does.
package access
