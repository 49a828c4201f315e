package claims

import (
	"errors"
	"fmt"
)

// SubjectID names whom or what a security event is about (RFC 9493; Shared Signals
// Framework 1.0, section 3).
type SubjectID struct {
	// Format says which fields are set: "iss_sub" Issuer and Subject, "opaque" ID, "email"
	// Email, "complex" User, Session or both. Other formats are refused.
	Format string

	Issuer, Subject string
	ID              string
	Email           string
	User, Session   *SubjectID
}

// subjectID reads a subject identifier. Only the outermost may be complex.
func subjectID(v any, outermost bool) (*SubjectID, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("not an object")
	}
	r := reader{members: members}
	s := &SubjectID{Format: r.text("format")}
	var err error
	switch {
	case s.Format == "iss_sub":
		s.Issuer, s.Subject = r.required("iss"), r.required("sub")
	case s.Format == "opaque":
		s.ID = r.required("id")
	case s.Format == "email":
		s.Email = r.required("email")
	case s.Format == "complex" && outermost:
		err = s.readParts(members)
	default:
		err = fmt.Errorf("format %.64q is none of iss_sub, opaque, email, complex", s.Format)
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, err
}

// required is text for a member that must be there.
func (r *reader) required(name string) string {
	if _, ok := r.members[name]; !ok {
		r.fail(name, "there")
	}
	return r.text(name)
}

// readParts reads the user and the session of a complex subject. Its other parts, such as
// device and tenant, say more about these two.
func (s *SubjectID) readParts(members map[string]any) error {
	for name, part := range map[string]**SubjectID{"user": &s.User, "session": &s.Session} {
		v, ok := members[name]
		if !ok {
			continue
		}
		var err error
		if *part, err = subjectID(v, false); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if s.User == nil && s.Session == nil {
		return errors.New("a complex subject without user and session")
	}
	return nil
}
