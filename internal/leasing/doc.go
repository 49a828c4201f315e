// Package leasing ends requests that still run when they would no longer be admitted,
// whatever transport carries them: when their token ends or is revoked, when its key is
// gone, and when a new policy refuses them.
package leasing
