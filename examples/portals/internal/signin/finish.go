package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// finish reads the answer of the identity provider, and begins a session.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request) {
	answer, err := readAnswer(r.URL.Query(), h.config.Issuer)
	if err != nil {
		h.refuse(w, r, problemAnswer, err)
		return
	}
	p, err := takePending(w, r, h.seal, answer.state)
	if err != nil {
		h.refuse(w, r, problemState, err)
		return
	}
	if answer.fault != "" {
		h.refuse(w, r, providerFault(answer.fault, p.ReturnTo), fmt.Errorf("the provider answered %.64q: %.256q", answer.fault, answer.detail))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	at, err := h.provider.find(ctx)
	if err != nil {
		h.refuse(w, r, findProblem(err, p.ReturnTo), err)
		return
	}
	if at.namesItself && answer.issuer == "" {
		h.refuse(w, r, problemAnswer, errors.New("the answer has no iss, and the provider writes it into each (RFC 9207)"))
		return
	}
	token, id, err := h.provider.redeem(ctx, at, answer.code, p)
	if err != nil {
		h.refuse(w, r, redeemProblem(err, p.ReturnTo), err)
		return
	}
	if err := h.start(w, r, at, token, id); err != nil {
		h.refuse(w, r, problemSetUp, err)
		return
	}
	http.Redirect(w, r, p.ReturnTo, http.StatusSeeOther)
}

// start begins a session under a new id. The session that this browser had before ends.
func (h *Handler) start(w http.ResponseWriter, r *http.Request, at *endpoints, token *oauth2.Token, id *oidc.IDToken) (err error) {
	var more struct {
		Name     string `json:"name"`
		Username string `json:"preferred_username"`
		Login    string `json:"sid"`
	}
	if err := id.Claims(&more); err != nil {
		return err // without its sid, the session could not be ended
	}
	s := newSession(h.config, User{Subject: id.Subject, Name: firstOf(more.Name, more.Username, id.Subject)})
	s.login, s.began, s.idToken = more.Login, id.IssuedAt, token.Extra("id_token").(string)
	s.Tokens = at.oauth.TokenSource(oidc.ClientContext(s.ctx, h.provider.client), token)
	if s.calls, err = h.config.Calls(s.ctx, s.Tokens); err != nil {
		s.End(err)
		return err
	}
	if old := h.Session(r); old != nil {
		old.End(ErrReplaced)
	}
	h.sessions.add(s)
	setCookie(w, sessionCookie, s.id, 0)
	return nil
}

func firstOf(names ...string) string {
	for _, name := range names {
		if name != "" {
			return name
		}
	}
	return ""
}

// answer is what the provider sends with the browser (RFC 6749, section 4.1.2).
type answer struct{ code, state, fault, detail, issuer string }

// readAnswer reads an answer of this issuer (RFC 9207). Each parameter comes once.
func readAnswer(query url.Values, issuer string) (answer, error) {
	for _, name := range []string{"code", "state", "error", "error_description", "iss"} {
		if len(query[name]) > 1 {
			return answer{}, fmt.Errorf("the answer has %s more than once", name)
		}
	}
	a := answer{query.Get("code"), query.Get("state"), query.Get("error"), query.Get("error_description"), query.Get("iss")}
	switch {
	case query.Has("iss") && a.issuer != issuer:
		return a, fmt.Errorf("the answer is of issuer %.128q, want %q", a.issuer, issuer)
	case a.state == "":
		return a, fmt.Errorf("the answer has no state")
	case (a.code == "") == (a.fault == ""):
		return a, fmt.Errorf("the answer has neither a code nor an error, or both")
	}
	return a, nil
}
