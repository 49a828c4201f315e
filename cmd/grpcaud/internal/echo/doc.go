// Package echo is a gRPC server for trying tokens: it answers whatever its guard admits.
package echo
