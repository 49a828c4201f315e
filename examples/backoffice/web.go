package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
)

// The ways in which each method is called with -http.
const (
	overGRPC    = "gRPC"
	overHTTP    = "HTTP"
	overConnect = "Connect"
)

// web is the company over HTTP.
type web struct {
	*demo
	client *http.Client
	urls   map[string]string // by service
}

// openWeb serves both services over HTTP as well.
func (d *demo) openWeb() (web, error) {
	w := web{d, d.Web(), map[string]string{}}
	for _, s := range []*server{d.orders, d.people} {
		var err error
		if w.urls[s.Service], err = d.ServeHTTP(s.Server); err != nil {
			return web{}, err
		}
	}
	return w, nil
}

// play calls every method as every client over each transport, and expects the verdicts of
// the first scene.
func (w web) play(ctx context.Context, to *recorder) {
	to.scene("The matrix, asked over gRPC, HTTP and Connect: one rule for all (~ is a stream)")
	for _, client := range matrixVerdicts {
		for i, m := range methods {
			r := w.callGRPC(ctx, client.id, m, client.want[i])
			r.Over, r.note = overGRPC, "over "+overGRPC
			to.row(r)
			to.row(w.call(ctx, overHTTP, client.id, m, client.want[i], w.callHTTP))
			to.row(w.call(ctx, overConnect, client.id, m, client.want[i], w.callConnect))
		}
	}
}

// call makes a call over HTTP. The call returns the reason of a refusal; empty if there is
// none.
func (w web) call(ctx context.Context, over, client string, m method, want verdict, call func(context.Context, string, method) (audience.Reason, error)) row {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r := row{Over: over, note: "over " + over, Client: client, Service: m.service, Method: m.name, Stream: m.stream, want: want}
	began := time.Now()
	reason, err := call(ctx, client, m)
	r.took = time.Since(began)
	switch {
	case reason != "":
		r.Code, r.Reason = refused(reason).code.String(), string(reason)
	case err != nil:
		r.Code, r.extra = codes.Unknown.String(), err
	default:
		r.Code, r.Admitted = codes.OK.String(), true
	}
	if tokens, request, err := w.Client(client).Tokens(m.service); err == nil {
		if token, err := tokens.Token(ctx, request); err == nil { // the one that the call had
			r.Audience, r.Party = audienceOf(strings.TrimPrefix(token.Bearer(), "Bearer "))
		}
	}
	return r
}

// callHTTP requests the operation of a method's name.
func (w web) callHTTP(ctx context.Context, client string, m method) (audience.Reason, error) {
	tokens, request, err := w.Client(client).Tokens(m.service)
	if err != nil {
		return audience.ReasonTokenNotObtained, nil
	}
	token, err := tokens.Token(ctx, request)
	if err != nil {
		return "", err
	}
	verb, path, _ := strings.Cut(m.operation, " ")
	r, err := http.NewRequestWithContext(ctx, verb, w.urls[m.service]+path, strings.NewReader(m.body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", token.Bearer())
	response, err := w.client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		_, err = io.ReadFull(response.Body, make([]byte, 1)) // the beginning: one method goes on
		return "", err
	}
	var problem struct{ Reason audience.Reason }
	if err := json.NewDecoder(response.Body).Decode(&problem); err != nil || problem.Reason == "" {
		return "", fmt.Errorf("the answer is %s, without a reason", response.Status)
	}
	return problem.Reason, nil
}
