// Package authority answers: may a token be sent to this host? It compares the
// authority of a call with the hosts that the matrix lists for a service, and with what
// was dialled.
package authority
