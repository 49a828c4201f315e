package review

import (
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// Report is what the records say about a matrix. In JSON, a list without items is empty and
// not null, and times are in UTC.
type Report struct {
	Matrix string `json:"matrix"` // the path of its file
	Policy string `json:"policy"` // its generation

	// Since is the beginning of the time that the review is about, and Until its end: when
	// it was made. Since is nil for all records.
	Since *time.Time `json:"since,omitempty"`
	Until time.Time  `json:"until"`

	Log      Log       `json:"log"`
	Findings []Finding `json:"findings"`
	Services []Service `json:"services"` // by name
	Clients  []Client  `json:"clients"`  // by name, and last what any client may call
}

// Log is what was read.
type Log struct {
	// Records is how many records are in the time of the review, between First and Last.
	// ThisPolicy of them were written under the very matrix.
	Records    uint64     `json:"records"`
	ThisPolicy uint64     `json:"this_policy"`
	First      *time.Time `json:"first,omitempty"`
	Last       *time.Time `json:"last,omitempty"`

	// Earlier records are from before that time, and Later ones from after it, by the clock
	// of this machine. Earlier ones are not counted otherwise.
	Earlier uint64 `json:"earlier,omitempty"`
	Later   uint64 `json:"later,omitempty"`

	// Uncounted are records that are not counted apart, since the log has too many kinds of
	// calls.
	Uncounted uint64 `json:"uncounted,omitempty"`

	// Complete says that nothing is known to be missing, so that what has no record was not
	// used. Otherwise Gaps and Unread say what is missing, and Suggested is a --since after
	// which nothing is, if enough time is left.
	Complete  bool             `json:"complete"`
	Gaps      []recorded.Count `json:"gaps"`
	Unread    []string         `json:"unread"`
	Suggested *time.Time       `json:"suggested_since,omitempty"`
}

// Purpose is why something is in the matrix, as the file says it.
type Purpose struct {
	Why      string `json:"why,omitempty"`
	Owner    string `json:"owner,omitempty"`
	ReviewBy string `json:"review_by,omitempty"` // the last day
}

// Times are how many calls there were, the first and the last of them.
type Times struct {
	Calls uint64     `json:"calls"`
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
}

// Service is a service of the matrix with the records about it.
type Service struct {
	Name  string `json:"service"`
	Place string `json:"place,omitempty"`
	Purpose
	Times              // of all records
	Admitted    uint64 `json:"admitted"`
	Refused     uint64 `json:"refused"`
	WouldRefuse uint64 `json:"would_refuse"`
}

// Client is a client with what it may call: a page of the sheet for an access review.
type Client struct {
	Name  string `json:"client"` // empty for any client
	ID    string `json:"id,omitempty"`
	Place string `json:"place,omitempty"`
	Purpose
	Grants []Grant `json:"grants"`
}

// Grant is what one entry lets one client call.
type Grant struct {
	Service string `json:"service"`
	Entry   string `json:"entry"`
	Place   string `json:"place,omitempty"`
	Purpose        // of the entry; the owner is the one of the service if the entry has none

	Methods []string `json:"methods"` // as the entry has them
	Demands string   `json:"demands,omitempty"`
	Times
	Used    []Use    `json:"used"`    // the methods that were called
	Unused  []string `json:"unused"`  // those that were not, as far as they are known
	Unknown bool     `json:"unknown"` // records may be missing: what is unused is not known

	// From and To are the times of the first and the last record of the service: what was
	// not called in a longer time than that is not known.
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
}

// Use is the use of one method by one grant.
type Use struct {
	Method string `json:"method"`
	Times
}

// Kind is the kind of a finding.
type Kind string

// The kinds of findings.
const (
	Unused         Kind = "unused"          // nobody used a grant
	NotKnown       Kind = "not_known"       // a grant without a record, where records may be missing
	NeverCalled    Kind = "never_called"    // "*" includes methods that nobody called
	ScopeOfAll     Kind = "scope_of_all"    // a scope that every caller has: a remark
	OnlyOneClient  Kind = "only_one_client" // one of several clients uses an entry
	WouldBreak     Kind = "would_break"     // calls that end when the rules are enforced
	Overdue        Kind = "overdue"         // a review was due
	UnknownClient  Kind = "unknown_client"  // a client of the log that the file does not name
	UnknownService Kind = "unknown_service" // a service of the log that the file does not name
)

// Finding is one thing to decide about.
type Finding struct {
	Kind   Kind   `json:"kind"`
	Text   string `json:"text"`   // what was found, in a sentence
	Remark bool   `json:"remark"` // whether nothing need be done

	Service string   `json:"service,omitempty"`
	Entry   string   `json:"entry,omitempty"`
	Place   string   `json:"place,omitempty"`
	Client  string   `json:"client,omitempty"`
	Methods []string `json:"methods,omitempty"`
	Scope   string   `json:"scope,omitempty"`
	Cause   string   `json:"cause,omitempty"`
	Peer    string   `json:"peer,omitempty"` // an address, where no client is known
	Purpose

	// Times are those of the calls that were counted. From and To are the times of the
	// first and the last record of the service.
	Times
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
}
