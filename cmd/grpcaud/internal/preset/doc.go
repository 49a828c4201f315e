// Package preset writes the presets in the keys of the access matrix, so that a team can
// start its own preset from one of them.
package preset
