// Package decision has the record of one decision about a call, in a form that does not
// change: one JSON object on one line, which decision.schema.json describes. Records
// answer who called what, when, and by which entry of the access matrix.
//
// A server writes a [Record] for each decision, and leaves none out:
//
//	file, err := decision.OpenFile("/var/log/orders/decisions.jsonl", nil)
//	…
//	users, err := decision.HashedUsers(key) // or KeptUsers, or LeftOutUsers
//	…
//	server, err := interceptor.NewServer(policy, services, interceptor.DecisionRecords(file, users))
//	…
//	server.Close()
//	file.Close()
//
// [Logger] writes records through log/slog instead, with any handler. What could not be
// written is itself recorded, as a [Gap].
//
// [Read] reads such lines, also those that slog's JSON handler wrote, and skips the lines
// of other programs.
//
// A record has no token and no secret. What callers chose is in it as they sent it, cut if
// it is long: a program that shows it must escape it.
package decision
