//go:build race

package racedetector

// On is true in a program that was built with -race.
const On = true
