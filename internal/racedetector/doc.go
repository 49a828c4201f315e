// Package racedetector says whether the race detector looks on. Then everything takes some
// ten times as long, and tests of load make fewer calls.
package racedetector
