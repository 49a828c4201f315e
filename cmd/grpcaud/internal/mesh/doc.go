// Package mesh answers: what of an access matrix can a proxy enforce that verifies a
// token and then compares its claims with texts? It turns each entry into plain
// conditions on claims. What such a proxy cannot check is left out, with a note: an
// entry never admits more than in the matrix.
package mesh
