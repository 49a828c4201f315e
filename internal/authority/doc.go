// Package authority decides whether a token may be sent to a host. It compares the
// authority of a call with the hosts that the matrix lists for a service, and with what
// the client has dialled.
package authority
