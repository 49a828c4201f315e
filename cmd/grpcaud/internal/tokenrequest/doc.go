// Package tokenrequest asks an issuer for a token, as a client of the access matrix does
// for a service, and says why there is none.
package tokenrequest
