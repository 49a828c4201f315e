package main

import (
	"bufio"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Run is the whole program.
var Run = run

// OnTerminal reports whether a person is at the other end.
var OnTerminal = onTerminal

// Table returns rows as a table, its first cell in a colour if there are any.
func Table(coloured bool, rows [][]string) string {
	var b strings.Builder
	p := &page{bufio.NewWriter(&b), coloured}
	rows[0][0] = p.in(bad, rows[0][0])
	p.table("", rows)
	p.Flush()
	return b.String()
}

// Stop ends a server.
var Stop = stop

// Describe returns the services that a server with these descriptors registers;
// none if they make no sense. What they take and return is written as JSON.
func Describe(set *descriptorpb.FileDescriptorSet) (all []*grpc.ServiceDesc, err error) {
	known, err := newTypes(set)
	if err != nil {
		return nil, nil
	}
	for _, service := range known.services() {
		all = append(all, described(service))
		for i := range service.Methods().Len() {
			m := newRemote(known, service.Methods().Get(i))
			if _, err := m.spell(m.reply()); err != nil {
				return nil, err
			}
			_, _ = m.requests("{}")
		}
	}
	return all, nil
}
