// Package preset writes the presets in the words of the access matrix, so that a preset of
// one's own can start from one.
package preset
