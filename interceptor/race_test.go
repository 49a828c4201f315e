//go:build race

package interceptor_test

// underRace says that the race detector looks on, and all takes ten times as long.
const underRace = true
