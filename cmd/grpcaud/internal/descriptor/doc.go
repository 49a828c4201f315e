// Package descriptor answers: what do .proto files say? It reads sets of descriptors,
// compares them with an access matrix, and finds the types of messages.
package descriptor
