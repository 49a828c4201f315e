//go:build !race

package interceptor_test

const underRace = false
