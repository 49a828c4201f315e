// Package learn answers: which access matrix admits the calls that records tell of, and
// nothing else? It learns from genuine tokens that are addressed to the service, and lists
// the rest.
package learn
