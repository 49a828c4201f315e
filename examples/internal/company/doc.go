// Package company is the company that the examples show: an authorization server, the
// order-status API, the human-resource API and the clients of the access matrix, each at an
// address of its own on loopback, all services over TLS.
//
//	c, err := company.Open(company.Config{})
//	conn, err := c.OnBehalfOf(company.BackofficePortal, c.Orders) // calls for the user of the context
//
// The servers are guarded by the access matrix and by nothing else. What a user may see of
// what a service returns is the business of the service: a customer sees their own orders.
package company
