// Package mesh answers: what of an access matrix can a proxy enforce, which
// verifies a token and then compares its claims with texts? It makes of each
// entry plain conditions on claims, and leaves out, with a note, what such a
// proxy cannot check: never does it loosen an entry.
package mesh
