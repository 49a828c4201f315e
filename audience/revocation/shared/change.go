package shared

// change is a change of the list.
type change struct {
	number int64
	id     string // random, so that another change of the same number is recognised
	entry  string
}

// position is how far a replica follows the store.
type position struct {
	epoch  string
	change int64 // the number of the last change that is in memory
}

// mark is the latest change that the store is known to have had. A store of the same
// epoch that does not have it has lost changes: its primary failed, say, before they had
// reached the one that took its place.
type mark struct {
	epoch string
	change
}

// advance moves the mark to a change that the store has told of.
func (l *List) advance(epoch string, c change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if epoch == l.mark.epoch && c.number > l.mark.number {
		l.mark.change = c
	}
}

// lost reports whether a store in that state has lost changes.
func (m mark) lost(s state) bool {
	return s.epoch != m.epoch || s.change < m.number || m.number > 0 && s.id != m.id
}

// marked returns the mark.
func (l *List) marked() mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mark
}

// follow sets how far memory follows the store.
func (l *List) follow(epoch string, c change) {
	l.mu.Lock()
	l.position = position{epoch, c.number}
	l.mu.Unlock()
	l.advance(epoch, c)
}

// begin sets how far memory follows a store that was just read.
func (l *List) begin(epoch string, c change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.position, l.mark = position{epoch, c.number}, mark{epoch, c}
}

// at returns how far memory follows the store.
func (l *List) at() position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.position
}
