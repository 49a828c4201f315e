// Package review compares an access matrix with the records of decisions: which grants
// somebody uses, which nobody does, and which narrower matrix would admit the same calls.
//
// A [Counter] counts records, in bounded memory, and makes a [Report] of them. [Report.Write]
// writes it, and [NewPatch] proposes the narrower matrix as changes of its files.
package review
