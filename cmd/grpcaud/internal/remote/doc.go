// Package remote calls a method of a gRPC server whose messages it has not been compiled
// with: it knows them from descriptors, or asks the server by reflection.
package remote
