// Package keyset reads JWK sets, and keeps the keys that tokens may be verified with.
package keyset
